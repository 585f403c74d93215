using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>
/// Causal attention over a dense batch in plain products, block by block of queries, each over the keys up to its end. For bf16 on a
/// CPU, where it trains 1.5 to 2 times as fast as libtorch's fused kernel; elsewhere the fused one is faster.
/// </summary>
internal static class BlockAttention
{
    private const long Rows = 128;

    public static bool IsFaster(Tensor query) => query.dtype == ScalarType.BFloat16 && query.device_type == DeviceType.CPU;

    /// <param name="query">[B, H, T, D], like <paramref name="key"/> and <paramref name="value"/>.</param>
    /// <returns>[B, H, T, D].</returns>
    public static Tensor Causal(Tensor query, Tensor key, Tensor value)
    {
        using var scope = NewDisposeScope();
        var (length, dim) = (query.shape[2], query.shape[3]);
        var q = (query / Math.Sqrt(dim)).reshape(-1, length, dim);
        var k = key.reshape(-1, length, dim);
        var v = value.reshape(-1, length, dim);
        var future = full(length, length, Scalars.MinusInfinity, query.dtype).triu_(1);
        var blocks = new List<Tensor>();
        for (var start = 0L; start < length; start += Rows)
        {
            var rows = Math.Min(Rows, length - start);
            var seen = start + rows;
            var scores = bmm(q.narrow(1, start, rows), k.narrow(1, 0, seen).mT).Plus(future.narrow(0, start, rows).narrow(1, 0, seen));
            blocks.Add(bmm(nn.functional.softmax(scores, -1), v.narrow(1, 0, seen)));
        }
        return cat(blocks, 1).view(query.shape).MoveToOuterDisposeScope();
    }
}
