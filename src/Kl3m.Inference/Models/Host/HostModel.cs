using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// The model's forward pass on a CPU over plain memory, without a tensor operation: on small models one costs more than what it computes, and
/// libtorch's threads wait for each other after each. Rows are tokens, as in <see cref="GptNeoXLayer"/>; what stands between the linears is
/// computed in fp32, and no row's result depends on another but through the attention.
/// </summary>
internal sealed unsafe class HostModel : IDisposable
{
    /// <summary>Rows that the head does at once.</summary>
    private const int HeadRows = 64;

    /// <summary>Multiplications of a square matrix below which handing its rows to a second thread takes longer than it saves: some 10 microseconds.</summary>
    private const long WorthSharing = 1_000_000;

    private readonly GptNeoXConfig config;
    private readonly Team team;
    private readonly HostWeights weights;
    private readonly HostMemory<float> x = new();
    private readonly HostMemory<float> normed = new();
    private readonly HostMemory<float> wide = new();
    private readonly HostMemory<float> attended = new();
    private readonly HostMemory<float> branch = new();
    private readonly HostMemory<float> mlp = new();
    private readonly RowWork beforeQkv;
    private readonly RowWork beforeDense;
    private readonly RowWork beforeUp;
    private readonly RowWork beforeDown;
    private readonly RowWork afterDown;
    private HostLayer layer = null!;
    private int rows;

    /// <param name="source">Gives the tensor of a name and shape, on the CPU, which is freed here; called on this thread only.</param>
    /// <param name="dtype">fp32 or bf16, in which the weights come, or int8.</param>
    /// <param name="team">Shares out rows and outputs.</param>
    /// <exception cref="ModelFileException">The configuration contradicts itself.</exception>
    public HostModel(GptNeoXConfig config, Func<string, long[], Tensor> source, ScalarType dtype, Team team)
    {
        (this.config, this.team) = (config, team);
        weights = new(config, source, dtype, team.Threads);
        beforeQkv = new(() => rows, row =>
        {
            layer.InputNorm.Apply(Row(x, row), Row(normed, row));
            layer.Qkv.Take(row);
        });
        beforeDense = new(() => rows, row => layer.Dense.Take(row));
        beforeUp = new(() => rows, row =>
        {
            if (!config.UseParallelResidual)
            {
                RowKernels.Add(Row(branch, row), Row(x, row), config.HiddenSize);
            }
            layer.PostAttentionNorm.Apply(Row(x, row), Row(normed, row));
            layer.Up.Take(row);
        });
        beforeDown = new(() => rows, row =>
        {
            RowKernels.Gelu(wide.Start + (long)row * config.IntermediateSize, config.IntermediateSize);
            layer.Down.Take(row);
        });
        afterDown = new(() => rows, row =>
        {
            if (config.UseParallelResidual)
            {
                RowKernels.AddBranches(Row(mlp, row), Row(branch, row), Row(x, row), config.HiddenSize);
            }
            else
            {
                RowKernels.Add(Row(mlp, row), Row(x, row), config.HiddenSize);
            }
        });
    }

    /// <summary>What reading one weight of the linears moves.</summary>
    public double BytesPerWeight => weights.Head.BytesPerWeight;

    /// <summary>Whether this path has what the model needs: exact GELU, vectors with fused multiply-adds, and for bf16 oneDNN's products.</summary>
    public static bool Serves(GptNeoXConfig config, ScalarType dtype, Device device) =>
        device.type == DeviceType.CPU && config.HiddenAct is "gelu" or "gelu_python" && Fma.IsSupported
        && (dtype == ScalarType.Float32 || (dtype == ScalarType.Int8 && Int8Panel.IsSupported) || (dtype == ScalarType.BFloat16 && PackedLinear.Serves(dtype, device)));

    /// <summary>Runs the layers over tokens, of whichever sequences; <see cref="Head"/> reads the result.</summary>
    /// <param name="attention">Begun with the same rows.</param>
    public void Run(ReadOnlySpan<long> ids, PagedAttention attention)
    {
        rows = ids.Length;
        Reserve();
        for (var row = 0; row < rows; row++)
        {
            weights.Embed(ids[row], Row(x, row));
        }
        for (var index = 0; index < weights.Layers.Length; index++)
        {
            Run(index, attention);
        }
    }

    /// <summary>Final norm and head of the rows wanted, in their order.</summary>
    /// <param name="logits">[wanted rows, vocabulary].</param>
    public void Head(ReadOnlySpan<long> wanted, Span<float> logits)
    {
        fixed (float* target = logits)
        {
            for (var done = 0; done < wanted.Length; done += HeadRows)
            {
                var count = Math.Min(HeadRows, wanted.Length - done);
                normed.Reserve((long)count * config.HiddenSize);
                weights.Head.Begin(normed.Start, count, target + (long)done * config.VocabSize);
                for (var i = 0; i < count; i++)
                {
                    weights.FinalNorm.Apply(Row(x, wanted[done + i]), Row(normed, i));
                    weights.Head.Take(i);
                }
                Share(weights.Head);
            }
        }
    }

    public void Dispose()
    {
        weights.Dispose();
        Array.ForEach([x, normed, wide, attended, branch, mlp], memory => memory.Dispose());
    }

    private void Run(int index, PagedAttention attention)
    {
        layer = weights.Layers[index];
        layer.Qkv.Begin(normed.Start, rows, wide.Start);
        Share(beforeQkv);
        Share(layer.Qkv);
        attention.Apply(index, wide.Start, attended.Start);
        layer.Dense.Begin(attended.Start, rows, branch.Start);
        Share(beforeDense);
        Share(layer.Dense);
        layer.Up.Begin(normed.Start, rows, wide.Start);
        Share(beforeUp);
        Share(layer.Up);
        layer.Down.Begin(wide.Start, rows, mlp.Start);
        Share(beforeDown);
        Share(layer.Down);
        Share(afterDown);
    }

    private void Share(Work work) => team.Run(work, alone: (long)rows * config.HiddenSize * config.HiddenSize < WorthSharing);

    private float* Row(HostMemory<float> memory, long row) => memory.Start + row * config.HiddenSize;

    private void Reserve()
    {
        var count = (long)rows * config.HiddenSize;
        Array.ForEach([x, normed, attended, branch, mlp], memory => memory.Reserve(count));
        wide.Reserve((long)rows * Math.Max(3 * config.HiddenSize, config.IntermediateSize));
    }
}
