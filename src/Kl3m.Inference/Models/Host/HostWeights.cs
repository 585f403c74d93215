using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>The weights of a model in the forms in which <see cref="HostModel"/> reads them.</summary>
internal sealed unsafe class HostWeights : IDisposable
{
    private readonly Dictionary<string, Tensor> parameters;
    private readonly ScalarType dtype;
    private readonly int threads;
    private readonly GptNeoXConfig config;
    private readonly Tensor embedding;

    /// <inheritdoc cref="HostModel(GptNeoXModel, ScalarType, int)"/>
    public HostWeights(GptNeoXModel model, ScalarType dtype, int threads)
    {
        config = model.Config;
        parameters = model.Parameters.ToDictionary(pair => pair.Name, pair => pair.Parameter);
        this.dtype = dtype;
        this.threads = threads;
        embedding = parameters["gpt_neox.embed_in.weight"];
        Layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(index => Layer($"gpt_neox.layers.{index}"))];
        FinalNorm = Norm("gpt_neox.final_layer_norm");
        Head = config.TieWordEmbeddings ? Linear(embedding, null) : Linear("embed_out", false);
    }

    public HostLayer[] Layers { get; }

    public HostNorm FinalNorm { get; }

    public HostLinear Head { get; }

    /// <summary>The embedding of a token.</summary>
    public void Embed(long id, float* to)
    {
        var hidden = config.HiddenSize;
        if (embedding.dtype == ScalarType.Float32)
        {
            new Span<float>((float*)PackedLinear.Data(embedding) + id * hidden, hidden).CopyTo(new(to, hidden));
            return;
        }
        var row = (ushort*)PackedLinear.Data(embedding) + id * hidden;
        for (var i = 0; i < hidden; i++)
        {
            to[i] = BitConverter.UInt32BitsToSingle((uint)row[i] << 16);
        }
    }

    public void Dispose()
    {
        Array.ForEach(Layers, layer => layer.Dispose());
        FinalNorm.Dispose();
        Head.Dispose();
    }

    private HostLayer Layer(string name) => new(
        Norm(name + ".input_layernorm"), Norm(name + ".post_attention_layernorm"),
        Linear(name + ".attention.query_key_value", config.AttentionBias), Linear(name + ".attention.dense", config.AttentionBias),
        Linear(name + ".mlp.dense_h_to_4h"), Linear(name + ".mlp.dense_4h_to_h"));

    private HostNorm Norm(string name)
    {
        using var weight = parameters[name + ".weight"].to(ScalarType.Float32);
        using var bias = parameters[name + ".bias"].to(ScalarType.Float32);
        return new(HostMemory.Copy(weight), HostMemory.Copy(bias), config.HiddenSize, (float)config.LayerNormEps);
    }

    /// <summary>Frees the tensor's memory as soon as its copy is there.</summary>
    private HostLinear Linear(string name, bool bias = true)
    {
        using var weight = parameters[name + ".weight"];
        return Linear(weight, bias ? parameters[name + ".bias"] : null);
    }

    private HostLinear Linear(Tensor weight, Tensor? bias)
    {
        if (dtype == ScalarType.BFloat16)
        {
            return new Bf16Linear(weight, bias, threads);
        }
        using var wide = weight.to(ScalarType.Float32);
        using var wideBias = bias?.to(ScalarType.Float32);
        return dtype == ScalarType.Int8 ? new Int8Linear(wide, wideBias) : new PanelLinear(wide, wideBias);
    }
}

/// <summary>One transformer block.</summary>
internal sealed record HostLayer(HostNorm InputNorm, HostNorm PostAttentionNorm, HostLinear Qkv, HostLinear Dense, HostLinear Up, HostLinear Down) : IDisposable
{
    public void Dispose()
    {
        InputNorm.Dispose();
        PostAttentionNorm.Dispose();
        Qkv.Dispose();
        Dense.Dispose();
        Up.Dispose();
        Down.Dispose();
    }
}

/// <summary>Layer normalisation with weight and bias.</summary>
internal sealed unsafe record HostNorm(HostMemory<float> Weight, HostMemory<float> Bias, int Length, float Epsilon) : IDisposable
{
    public void Apply(float* x, float* y) => RowKernels.Normalise(x, Length, Weight.Start, Bias.Start, Epsilon, y);

    public void Dispose()
    {
        Weight.Dispose();
        Bias.Dispose();
    }
}
