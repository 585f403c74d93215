using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>
/// GPT-NeoX as one would write it in plain TorchSharp: linears as they come, keys and values grown by concatenation, a dispose scope per
/// layer. What the engine's own path is held against.
/// </summary>
internal sealed class EagerModel(GptNeoXConfig config, ScalarType dtype) : IDisposable
{
    private readonly Dictionary<string, Tensor> weights = [];
    private readonly Tensor frequencies = 1.0 / tensor((float)config.RotaryEmbBase).pow(arange(0, config.RotaryDims, 2, ScalarType.Float32) / config.RotaryDims);

    /// <returns>Tokens/s of one sequence after <paramref name="context"/> tokens.</returns>
    public double Decode(int context, int steps)
    {
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        var cache = new (Tensor Keys, Tensor Values)[config.NumHiddenLayers];
        var token = Next(randint(0, config.VocabSize, [context]), 0, cache);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var step = 0; step < steps; step++)
        {
            token = Next(token, context + step, cache);
        }
        return steps / clock.Elapsed.TotalSeconds;
    }

    public void Dispose()
    {
        foreach (var weight in weights.Values)
        {
            weight.Dispose();
        }
        frequencies.Dispose();
    }

    private Tensor Next(Tensor ids, int start, (Tensor Keys, Tensor Values)[] cache)
    {
        using var scope = NewDisposeScope();
        var x = Weight("embed_in.weight", config.VocabSize, config.HiddenSize).index_select(0, ids);
        var angles = arange(start, start + ids.shape[0], ScalarType.Float32).unsqueeze(1) * frequencies;
        var (cos, sin) = (cat([angles.cos(), angles.cos()], -1), cat([angles.sin(), angles.sin()], -1));
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var attended = Linear($"{layer}.dense", Attend(layer, Norm($"{layer}.norm1", x), cos, sin, cache), config.HiddenSize);
            var up = nn.functional.gelu(Linear($"{layer}.up", Norm($"{layer}.norm2", x), config.IntermediateSize));
            x = Linear($"{layer}.down", up, config.HiddenSize) + attended + x;
            cache[layer].Keys.DetachFromDisposeScope();
            cache[layer].Values.DetachFromDisposeScope();
        }
        var last = Norm("norm", x.narrow(0, -1, 1));
        return nn.functional.linear(last, Weight("embed_out.weight", config.VocabSize, config.HiddenSize)).argmax(-1).MoveToOuterDisposeScope();
    }

    private Tensor Attend(int layer, Tensor x, Tensor cos, Tensor sin, (Tensor Keys, Tensor Values)[] cache)
    {
        var parts = Linear($"{layer}.qkv", x, 3 * config.HiddenSize).view(-1, config.NumAttentionHeads, 3, config.HeadDim).permute(2, 1, 0, 3).unsqueeze(1);
        var (q, k, v) = (Turn(parts[0], cos, sin), Turn(parts[1], cos, sin), parts[2]);
        if (cache[layer].Keys is { } keys)
        {
            (k, v) = (cat([keys, k], 2), cat([cache[layer].Values, v], 2));
            keys.Dispose();
            cache[layer].Values.Dispose();
        }
        cache[layer] = (k, v);
        return nn.functional.scaled_dot_product_attention(q, k, v, is_casual: q.shape[2] > 1).transpose(1, 2).reshape(-1, config.HiddenSize);
    }

    private Tensor Turn(Tensor x, Tensor cos, Tensor sin)
    {
        var (turning, rest) = (x.narrow(-1, 0, config.RotaryDims), x.narrow(-1, config.RotaryDims, config.HeadDim - config.RotaryDims));
        var halves = turning.chunk(2, -1);
        return cat([(turning * cos + cat([-halves[1], halves[0]], -1) * sin).to(dtype), rest], -1);
    }

    private Tensor Norm(string name, Tensor x) => nn.functional.layer_norm(x, [config.HiddenSize], Weight(name + ".norm.weight", config.HiddenSize), Weight(name + ".bias", config.HiddenSize));

    private Tensor Linear(string name, Tensor x, int output) => nn.functional.linear(x, Weight(name + ".weight", output, x.shape[^1]), Weight(name + ".bias", output));

    private Tensor Weight(string name, params long[] shape)
    {
        if (!weights.TryGetValue(name, out var weight))
        {
            weights.Add(name, weight = Shape.RandomWeights(dtype)(name, shape).DetachFromDisposeScope());
        }
        return weight;
    }
}
