using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>New tokens of one sequence: rows [Offset, Offset + Count) of the batch, at positions Start, Start + 1, ... of the cache.</summary>
internal readonly record struct CachedChunk(SequenceCache Cache, int Offset, int Count, int Start)
{
    public int End => Start + Count;
}

/// <summary>
/// The attention core of one step with caches that are tensors (see <see cref="KVCache"/>): chunks of different sequences lie end to end in the batch, and each attends to its own
/// cache, so nothing is padded.
/// </summary>
internal sealed class CachedAttention : IDisposable
{
    private readonly GptNeoXModel model;
    private readonly CachedChunk[] chunks;
    private readonly Tensor?[] masks;
    private readonly Rotary.Table angles;
    private readonly int tokens;

    public CachedAttention(GptNeoXModel model, CachedChunk[] chunks, Device device)
    {
        this.model = model;
        this.chunks = chunks;
        tokens = chunks[^1].Offset + chunks[^1].Count;
        masks = Array.ConvertAll(chunks, chunk => Mask(chunk, device));
        if (chunks is [var only])
        {
            angles = model.Rotary.Range(only.Start, only.Count);
        }
        else
        {
            using var positions = tensor(chunks.SelectMany(chunk => Enumerable.Range(chunk.Start, chunk.Count)).Select(position => (long)position).ToArray(), device: device);
            angles = model.Rotary.At(positions, chunks.Max(chunk => chunk.End) - 1);
        }
    }

    /// <param name="qkv">[tokens, heads * 3 * head dim].</param>
    /// <returns>[tokens, heads * head dim].</returns>
    public Tensor Apply(int layer, Tensor qkv)
    {
        var (heads, dim) = (model.Config.NumAttentionHeads, model.Config.HeadDim);
        using var split = qkv.view(tokens, heads, 3, dim);
        using var turned = model.Rotary.Apply(split, angles, ((KVCache)chunks[0].Cache).Dtype);
        using var byRole = turned.permute(2, 1, 0, 3);
        using var queries = byRole.narrow(0, 0, 1);
        using var keysAndValues = byRole.narrow(0, 1, 2);
        if (chunks is [var only])
        {
            return Attend(layer, only, masks[0], queries, keysAndValues, qkv.dtype);
        }
        var rows = new Tensor[chunks.Length];
        try
        {
            for (var i = 0; i < rows.Length; i++)
            {
                var chunk = chunks[i];
                using var q = queries.narrow(2, chunk.Offset, chunk.Count);
                using var kv = keysAndValues.narrow(2, chunk.Offset, chunk.Count);
                rows[i] = Attend(layer, chunk, masks[i], q, kv, qkv.dtype);
            }
            return cat(rows, 0);
        }
        finally
        {
            Array.ForEach(rows, row => row?.Dispose());
        }
    }

    public void Dispose()
    {
        Array.ForEach(masks, mask => mask?.Dispose());
        angles.Dispose();
    }

    private static Tensor Attend(int layer, CachedChunk chunk, Tensor? mask, Tensor queries, Tensor keysAndValues, ScalarType dtype)
    {
        var cache = (KVCache)chunk.Cache;
        cache.Write(layer, chunk.Start, chunk.Count, keysAndValues);
        using var keys = cache.Keys(layer, chunk.End);
        using var values = cache.Values(layer, chunk.End);
        using var attended = nn.functional.scaled_dot_product_attention(queries, keys, values, mask, is_casual: chunk is { Start: 0, Count: > 1 });
        using var byToken = attended.transpose(1, 2);
        var rows = byToken.reshape(chunk.Count, -1);
        return cache.Dtype == dtype ? rows : rows.to(dtype, disposeAfter: true);
    }

    /// <summary>
    /// Null where none is needed: one token sees its whole cache, and a prompt's first chunk is plain causal. A later chunk's token i
    /// sees positions up to Start + i.
    /// </summary>
    private static Tensor? Mask(CachedChunk chunk, Device device)
    {
        if (chunk.Count == 1 || chunk.Start == 0)
        {
            return null;
        }
        using var all = full(chunk.Count, chunk.End, Scalars.MinusInfinity, ((KVCache)chunk.Cache).Dtype, device);
        return all.triu(chunk.Start + 1);
    }
}
