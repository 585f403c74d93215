using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// The model's forward pass over plain memory, without a tensor: on small models a tensor operation costs more than what it computes.
/// Rows are tokens, as in <see cref="GptNeoXLayer"/>, and no row's result depends on another but through the attention.
/// </summary>
internal sealed unsafe class HostModel : IDisposable
{
    /// <summary>Rows that the head does at once.</summary>
    private const int HeadRows = 64;

    private readonly GptNeoXConfig config;
    private readonly HostMemory<float> embedding;
    private readonly Layer[] layers;
    private readonly Norm finalNorm;
    private readonly PanelLinear head;
    private readonly HostMemory<float> x = new();
    private readonly HostMemory<float> normed = new();
    private readonly HostMemory<float> wide = new();
    private readonly HostMemory<float> attended = new();
    private readonly HostMemory<float> branch = new();
    private readonly HostMemory<float> mlp = new();

    /// <param name="model">In fp32 on the CPU. Its weights are copied and then freed: it can no longer run itself.</param>
    public HostModel(GptNeoXModel model)
    {
        config = model.Config;
        var parameters = model.Parameters.ToDictionary(pair => pair.Name, pair => pair.Parameter);
        embedding = Copy("gpt_neox.embed_in.weight");
        layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(index => ReadLayer($"gpt_neox.layers.{index}"))];
        finalNorm = ReadNorm("gpt_neox.final_layer_norm");
        head = new(parameters[config.TieWordEmbeddings ? "gpt_neox.embed_in.weight" : "embed_out.weight"], null);
        foreach (var parameter in parameters.Values)
        {
            parameter.Dispose();
        }

        HostMemory<float> Copy(string name)
        {
            var tensor = parameters[name];
            var copy = new HostMemory<float>(tensor.NumberOfElements);
            fixed (byte* source = tensor.bytes)
            {
                Buffer.MemoryCopy(source, copy.Start, copy.Length * sizeof(float), copy.Length * sizeof(float));
            }
            return copy;
        }
        Norm ReadNorm(string name) => new(Copy(name + ".weight"), Copy(name + ".bias"));
        PanelLinear Linear(string name, bool bias = true) => new(parameters[name + ".weight"], bias ? parameters[name + ".bias"] : null);
        Layer ReadLayer(string name) => new(
            ReadNorm(name + ".input_layernorm"), ReadNorm(name + ".post_attention_layernorm"),
            Linear(name + ".attention.query_key_value", config.AttentionBias), Linear(name + ".attention.dense", config.AttentionBias),
            Linear(name + ".mlp.dense_h_to_4h"), Linear(name + ".mlp.dense_4h_to_h"));
    }

    public double BytesPerWeight => head.BytesPerWeight;

    /// <summary>Whether this path has what the model needs, and is faster: it runs on one thread, and its vectors want fused multiply-adds.</summary>
    public static bool Serves(GptNeoXConfig config, ScalarType dtype, Device device, int threads) =>
        device.type == DeviceType.CPU && dtype == ScalarType.Float32 && threads == 1 && config.HiddenAct is ("gelu" or "gelu_python") && Fma.IsSupported;

    /// <summary>Runs the layers over tokens, of whichever sequences; <see cref="Head"/> reads the result.</summary>
    /// <param name="attention">Begun with the same rows.</param>
    public void Run(ReadOnlySpan<long> ids, PagedAttention attention)
    {
        var (rows, hidden) = (ids.Length, config.HiddenSize);
        var count = (long)rows * hidden;
        x.Reserve(count);
        normed.Reserve(count);
        attended.Reserve(count);
        branch.Reserve(count);
        mlp.Reserve(count);
        wide.Reserve((long)rows * Math.Max(3 * hidden, config.IntermediateSize));
        for (var row = 0; row < rows; row++)
        {
            new Span<float>(embedding.Start + ids[row] * hidden, hidden).CopyTo(new(x.Start + (long)row * hidden, hidden));
        }
        for (var index = 0; index < layers.Length; index++)
        {
            Run(layers[index], index, rows, count, attention);
        }
    }

    /// <summary>Final norm and head of the rows wanted, in their order.</summary>
    /// <param name="logits">[wanted rows, vocabulary].</param>
    public void Head(ReadOnlySpan<long> wanted, Span<float> logits)
    {
        var (hidden, vocabulary) = (config.HiddenSize, config.VocabSize);
        normed.Reserve((long)HeadRows * hidden);
        fixed (float* target = logits)
        {
            for (var done = 0; done < wanted.Length; done += HeadRows)
            {
                var rows = Math.Min(HeadRows, wanted.Length - done);
                for (var i = 0; i < rows; i++)
                {
                    finalNorm.Apply(x.Start + wanted[done + i] * hidden, 1, config, normed.Start + (long)i * hidden);
                }
                head.Apply(normed.Start, rows, target + (long)done * vocabulary);
            }
        }
    }

    public void Dispose()
    {
        embedding.Dispose();
        Array.ForEach(layers, layer => layer.Dispose());
        finalNorm.Dispose();
        head.Dispose();
        Array.ForEach([x, normed, wide, attended, branch, mlp], memory => memory.Dispose());
    }

    private void Run(Layer layer, int index, int rows, long count, PagedAttention attention)
    {
        layer.InputNorm.Apply(x.Start, rows, config, normed.Start);
        layer.Qkv.Apply(normed.Start, rows, wide.Start);
        attention.Apply(index, wide.Start, attended.Start);
        layer.Dense.Apply(attended.Start, rows, branch.Start);
        if (!config.UseParallelResidual)
        {
            RowKernels.Add(branch.Start, x.Start, count);
        }
        layer.PostAttentionNorm.Apply(x.Start, rows, config, normed.Start);
        layer.Up.Apply(normed.Start, rows, wide.Start);
        RowKernels.Gelu(wide.Start, (long)rows * config.IntermediateSize);
        layer.Down.Apply(wide.Start, rows, mlp.Start);
        if (config.UseParallelResidual)
        {
            RowKernels.AddBranches(mlp.Start, branch.Start, x.Start, count);
        }
        else
        {
            RowKernels.Add(mlp.Start, x.Start, count);
        }
    }

    private sealed record Norm(HostMemory<float> Weight, HostMemory<float> Bias) : IDisposable
    {
        public void Apply(float* x, int rows, GptNeoXConfig config, float* y)
        {
            var hidden = config.HiddenSize;
            for (var row = 0; row < rows; row++, x += hidden, y += hidden)
            {
                RowKernels.Normalise(x, hidden, Weight.Start, Bias.Start, (float)config.LayerNormEps, y);
            }
        }

        public void Dispose()
        {
            Weight.Dispose();
            Bias.Dispose();
        }
    }

    private sealed record Layer(Norm InputNorm, Norm PostAttentionNorm, PanelLinear Qkv, PanelLinear Dense, PanelLinear Up, PanelLinear Down) : IDisposable
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
}
