using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// The weights of a model in the forms in which <see cref="HostModel"/> reads them. Laying a matrix out takes as long as reading it, so it is done on
/// threads of their own while the caller's reads the next.
/// </summary>
internal sealed unsafe class HostWeights : IDisposable
{
    private readonly GptNeoXConfig config;
    private readonly Func<string, long[], Tensor> source;
    private readonly ScalarType dtype;
    private readonly int threads;
    private readonly Tensor embedding;
    private readonly List<HostNorm> norms = [];
    private readonly List<Task<HostLinear>> linears = [];

    /// <inheritdoc cref="HostModel(GptNeoXConfig, Func{string, long[], Tensor}, ScalarType, int)"/>
    public HostWeights(GptNeoXConfig config, Func<string, long[], Tensor> source, ScalarType dtype, int threads)
    {
        config.Check("config.json");
        (this.config, this.source, this.dtype, this.threads) = (config, source, dtype, threads);
        embedding = source("gpt_neox.embed_in.weight", [config.VocabSize, config.HiddenSize]);
        try
        {
            var layers = Enumerable.Range(0, config.NumHiddenLayers).Select(index => Layer($"gpt_neox.layers.{index}")).ToList();
            FinalNorm = Norm("gpt_neox.final_layer_norm");
            var head = config.TieWordEmbeddings ? LayOut(() => Linear(embedding, null)) : Linear("embed_out", config.VocabSize, config.HiddenSize, hasBias: false);
            Layers = [.. layers.Select(layer => layer())];
            Head = Await(head);
        }
        catch
        {
            Dispose();
            throw;
        }
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
        // Where reading failed, some are still being laid out, and one may have failed too: what is told is the reading's failure.
        foreach (var linear in linears)
        {
            ((IAsyncResult)linear).AsyncWaitHandle.WaitOne();
            if (linear.IsCompletedSuccessfully)
            {
                linear.Result.Dispose();
            }
        }
        norms.ForEach(norm => norm.Dispose());
        embedding.Dispose();
    }

    /// <returns>Waits for what is still being laid out.</returns>
    private Func<HostLayer> Layer(string name)
    {
        var (hidden, inner) = (config.HiddenSize, config.IntermediateSize);
        var (inputNorm, postAttentionNorm) = (Norm(name + ".input_layernorm"), Norm(name + ".post_attention_layernorm"));
        var qkv = Linear(name + ".attention.query_key_value", 3 * hidden, hidden, config.AttentionBias);
        var dense = Linear(name + ".attention.dense", hidden, hidden, config.AttentionBias);
        var up = Linear(name + ".mlp.dense_h_to_4h", inner, hidden);
        var down = Linear(name + ".mlp.dense_4h_to_h", hidden, inner);
        return () => new(inputNorm, postAttentionNorm, Await(qkv), Await(dense), Await(up), Await(down));
    }

    private HostNorm Norm(string name)
    {
        using var weight = source(name + ".weight", [config.HiddenSize]).to(ScalarType.Float32, disposeAfter: true);
        using var bias = source(name + ".bias", [config.HiddenSize]).to(ScalarType.Float32, disposeAfter: true);
        var norm = new HostNorm(HostMemory.Copy(weight), HostMemory.Copy(bias), config.HiddenSize, (float)config.LayerNormEps);
        norms.Add(norm);
        return norm;
    }

    private Task<HostLinear> Linear(string name, int outputs, int inputs, bool hasBias = true)
    {
        var weight = source(name + ".weight", [outputs, inputs]);
        Tensor? bias = null;
        try
        {
            bias = hasBias ? source(name + ".bias", [outputs]) : null;
        }
        catch
        {
            weight.Dispose();
            throw;
        }
        return LayOut(() =>
        {
            using (weight)
            using (bias)
            {
                return Linear(weight, bias);
            }
        });
    }

    /// <summary>At most as many at a time as there are threads: what has been read and not laid out stands in memory twice.</summary>
    private Task<HostLinear> LayOut(Func<HostLinear> layOut)
    {
        if (linears.Count >= threads)
        {
            Await(linears[^threads]);
        }
        var task = Task.Factory.StartNew(() =>
        {
            set_num_threads(1);
            using var _ = inference_mode();
            return layOut();
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        linears.Add(task);
        return task;
    }

    private static HostLinear Await(Task<HostLinear> linear) => linear.GetAwaiter().GetResult();

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
internal sealed record HostLayer(HostNorm InputNorm, HostNorm PostAttentionNorm, HostLinear Qkv, HostLinear Dense, HostLinear Up, HostLinear Down);

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
