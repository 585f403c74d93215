using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>
/// What becomes of the fused projections of one layer, [N, heads * 3 * head dim]: the attended values, [N, heads * head dim]. This is
/// the only thing in which running with a cache and training over a dense batch differ.
/// </summary>
internal delegate Tensor AttentionCore(int layer, Tensor qkv);

/// <summary>One transformer block. Rows are tokens, of whichever sequences; only the attention core knows which belong together.</summary>
internal sealed class GptNeoXLayer : IDisposable
{
    private readonly int index;
    private readonly bool parallel;
    private readonly LayerNorm inputNorm;
    private readonly LayerNorm postAttentionNorm;
    private readonly Linear qkv;
    private readonly Linear dense;
    private readonly Linear up;
    private readonly Linear down;
    private readonly Func<Tensor, Tensor> activation;

    public GptNeoXLayer(GptNeoXConfig config, int index, Func<string, long[], Tensor> weights, ScalarType? compute)
    {
        var (name, hidden, inner) = ($"gpt_neox.layers.{index}", config.HiddenSize, config.IntermediateSize);
        Linear Linear(string linear, int output, int input, bool bias = true) =>
            new(weights($"{name}.{linear}.weight", [output, input]), bias ? weights($"{name}.{linear}.bias", [output]) : null, compute);
        LayerNorm Norm(string norm) => new(config, weights($"{name}.{norm}.weight", [hidden]), weights($"{name}.{norm}.bias", [hidden]));

        this.index = index;
        parallel = config.UseParallelResidual;
        activation = Activation.Find(config.HiddenAct);
        inputNorm = Norm("input_layernorm");
        postAttentionNorm = Norm("post_attention_layernorm");
        qkv = Linear("attention.query_key_value", 3 * hidden, hidden, config.AttentionBias);
        dense = Linear("attention.dense", hidden, hidden, config.AttentionBias);
        up = Linear("mlp.dense_h_to_4h", inner, hidden);
        down = Linear("mlp.dense_4h_to_h", hidden, inner);
    }

    /// <summary>
    /// Parallel: x + attention(norm1(x)) + mlp(norm2(x)), both from the layer's input. Sequential: the mlp sees the attention's sum.
    /// Sums stand in transformers' order, which matters in bf16.
    /// </summary>
    /// <param name="x">[N, hidden].</param>
    public Tensor Forward(Tensor x, AttentionCore core, Action<string, Tensor>? observe = null)
    {
        using var attended = Attend(x, core, observe);
        if (parallel)
        {
            using var mlp = Mlp(x, observe);
            using var sum = mlp.Plus(attended);
            return Observed(sum.Plus(x), "out", observe);
        }
        using var middle = attended.Plus(x);
        using var mlpOfSum = Mlp(middle, observe);
        return Observed(mlpOfSum.Plus(middle), "out", observe);
    }

    /// <inheritdoc cref="GptNeoXModel.Pack"/>
    public void Pack() => Array.ForEach(Linears, linear => linear.Pack());

    public void Dispose() => Array.ForEach(Linears, linear => linear.Dispose());

    private Linear[] Linears => [qkv, dense, up, down];

    private Tensor Attend(Tensor x, AttentionCore core, Action<string, Tensor>? observe)
    {
        using var normed = Observed(inputNorm.Apply(x), "input_layernorm_out", observe);
        using var qkv = Observed(this.qkv.Apply(normed), "qkv", observe);
        using var values = core(index, qkv);
        return Observed(dense.Apply(values), "attention_out", observe);
    }

    private Tensor Mlp(Tensor x, Action<string, Tensor>? observe)
    {
        using var normed = Observed(postAttentionNorm.Apply(x), "post_attention_layernorm_out", observe);
        using var up = this.up.Apply(normed);
        using var active = activation(up);
        return Observed(down.Apply(active), "mlp_out", observe);
    }

    private Tensor Observed(Tensor value, string point, Action<string, Tensor>? observe)
    {
        observe?.Invoke($"layer{index}.{point}", value);
        return value;
    }
}

/// <summary>Layer normalisation with weight and bias over the hidden dimension.</summary>
internal sealed class LayerNorm(GptNeoXConfig config, Tensor weight, Tensor bias)
{
    private readonly long[] shape = [config.HiddenSize];

    public Tensor Apply(Tensor x) => nn.functional.layer_norm(x, shape, weight, bias, config.LayerNormEps);
}
