using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>
/// Keys and values of one sequence as one tensor, [layers, 2, heads, capacity, head dim]: where libtorch's own attention reads them, that
/// is on a GPU.
/// </summary>
internal sealed class KVCache : SequenceCache
{
    private readonly Tensor all;
    private readonly (Tensor Both, Tensor Keys, Tensor Values)[] layers;

    public KVCache(GptNeoXConfig config, int capacity, ScalarType dtype, Device device) : base(capacity)
    {
        Dtype = dtype;
        all = empty([config.NumHiddenLayers, 2, config.NumAttentionHeads, capacity, config.HeadDim], dtype, device);
        layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(index =>
        {
            var both = all.select(0, index);
            return (both, both.narrow(0, 0, 1), both.narrow(0, 1, 1));
        })];
    }

    public ScalarType Dtype { get; }

    public static long BytesPerToken(GptNeoXConfig config, ScalarType dtype) => 2L * config.NumHiddenLayers * config.HiddenSize * dtype.ElementSize();

    /// <summary>Stores the keys and values of tokens start, start + 1, ... in one layer.</summary>
    /// <param name="keysAndValues">[2, heads, tokens, head dim], of any floating type.</param>
    public void Write(int layer, int start, int tokens, Tensor keysAndValues)
    {
        using var target = layers[layer].Both.narrow(2, start, tokens);
        target.copy_(keysAndValues);
    }

    /// <summary>The first <paramref name="length"/> tokens' keys: a view, [1, heads, length, head dim].</summary>
    public Tensor Keys(int layer, int length) => layers[layer].Keys.narrow(2, 0, length);

    /// <summary>The first <paramref name="length"/> tokens' values: a view, [1, heads, length, head dim].</summary>
    public Tensor Values(int layer, int length) => layers[layer].Values.narrow(2, 0, length);

    public override void CopyPrefix(SequenceCache source, int length)
    {
        using var from = ((KVCache)source).all.narrow(3, 0, length);
        using var to = all.narrow(3, 0, length);
        to.copy_(from);
        Length = length;
    }

    /// <summary>One tensor is not given back in parts.</summary>
    public override void Trim()
    {
    }

    public override void Dispose()
    {
        foreach (var (both, keys, values) in layers)
        {
            both.Dispose();
            keys.Dispose();
            values.Dispose();
        }
        all.Dispose();
    }
}
