using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>
/// Rotary position embedding: the first <see cref="GptNeoXConfig.RotaryDims"/> dimensions of each query and key turn by an angle that grows with
/// the position; dimension i is paired with i + RotaryDims / 2. Angles are fp32 whatever the model computes in, as in transformers.
/// Formula: Su et al., RoFormer (arXiv 2104.09864), with the halves laid out as GPT-NeoX has them.
/// </summary>
internal sealed class Rotary(GptNeoXConfig config, Device device) : IDisposable
{
    private readonly int dims = config.RotaryDims;
    private readonly int restDims = config.HeadDim - config.RotaryDims;
    private Table? table;

    /// <summary>
    /// cos and sin for rows of [N, 1, 3, dims]. One multiplication serves query, key and value: the value's angle is 0. The first half of
    /// sin is negative, which makes a plain roll by half out of rotate_half.
    /// </summary>
    internal sealed record Table(Tensor Cos, Tensor Sin, int Positions) : IDisposable
    {
        public void Dispose()
        {
            Cos.Dispose();
            Sin.Dispose();
        }
    }

    /// <summary>The rows for positions start, start + 1, ..., start + count - 1.</summary>
    public Table Range(int start, int count)
    {
        var table = Covering(start + count);
        return new Table(table.Cos.narrow(0, start, count), table.Sin.narrow(0, start, count), count);
    }

    /// <summary>The rows for any positions, none above <paramref name="last"/>.</summary>
    /// <param name="positions">[N], int64.</param>
    public Table At(Tensor positions, int last)
    {
        var table = Covering(last + 1);
        return new Table(table.Cos.index_select(0, positions), table.Sin.index_select(0, positions), (int)positions.shape[0]);
    }

    /// <param name="qkv">[N, heads, 3, head dim].</param>
    /// <param name="angles">N rows.</param>
    /// <param name="dtype">Of the result; the turning itself is done in fp32.</param>
    /// <returns>The same with queries and keys turned.</returns>
    public Tensor Apply(Tensor qkv, Table angles, ScalarType dtype)
    {
        if (dims == 0)
        {
            return qkv.to(dtype);
        }
        using var turning = qkv.narrow(-1, 0, dims);
        using var rolled = turning.roll(dims / 2, -1);
        using var turned = turning * angles.Cos;
        turned.addcmul_(rolled, angles.Sin, Scalars.One);
        // Concatenation takes the wider of two types.
        using var narrowed = dtype == ScalarType.Float32 ? null : turned.to(dtype);
        using var rest = qkv.narrow(-1, dims, restDims);
        return cat([narrowed ?? turned, rest], -1);
    }

    public void Dispose() => table?.Dispose();

    private Table Covering(int positions)
    {
        if (table is null || table.Positions < positions)
        {
            var old = table;
            table = Build(Math.Max(positions, Math.Min(2 * (old?.Positions ?? 0), 1 << 20)));
            old?.Dispose();
        }
        return table;
    }

    private Table Build(int positions)
    {
        // The tables stay: made in inference mode they could not be trained with afterwards, and in a caller's dispose scope they would end with it.
        using var normal = inference_mode(false);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var exponents = arange(0, dims, 2, ScalarType.Float32) / Math.Max(dims, 1);
        var frequencies = 1.0 / tensor((float)config.RotaryEmbBase).pow(exponents);
        var angles = arange(positions, ScalarType.Float32).unsqueeze(1) * frequencies;
        var (cos, sin) = (angles.cos(), angles.sin());
        var turnCos = cat([cos, cos], -1);
        var turnSin = cat([-sin, sin], -1);
        return new Table(
            stack([turnCos, turnCos, ones_like(turnCos)], 1).unsqueeze(1).to(device).DetachFromDisposeScope(),
            stack([turnSin, turnSin, zeros_like(turnSin)], 1).unsqueeze(1).to(device).DetachFromDisposeScope(),
            positions);
    }
}
