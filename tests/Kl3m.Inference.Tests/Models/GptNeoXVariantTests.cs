using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Models;

/// <summary>Every variant that a config.json may ask for, dense, cached and packed, against a forward pass in plain double-precision loops.</summary>
public sealed class GptNeoXVariantTests
{
    private static readonly int[] Ids = [3, 17, 17, 0, 21, 9, 30, 2, 11];

    private static readonly GptNeoXConfig Base = new()
    {
        VocabSize = 31, HiddenSize = 24, NumHiddenLayers = 2, NumAttentionHeads = 3, IntermediateSize = 40, RotaryPct = 0.5, MaxPositionEmbeddings = 8,
    };

    private static readonly Dictionary<string, GptNeoXConfig> Variants = new()
    {
        ["as it is"] = Base,
        ["sequential residual"] = Base with { UseParallelResidual = false },
        ["no biases in the attention"] = Base with { AttentionBias = false },
        ["tied head"] = Base with { TieWordEmbeddings = true },
        ["large epsilon"] = Base with { LayerNormEps = 0.1 },
        ["one head"] = Base with { NumAttentionHeads = 1 },
        ["heads of two dimensions"] = Base with { NumAttentionHeads = 12, RotaryPct = 1 },
        ["all dimensions rotated"] = Base with { RotaryPct = 1 },
        ["no dimension rotated"] = Base with { RotaryPct = 0 },
        ["rotated dimensions truncated"] = Base with { RotaryPct = 0.3 },
        ["another rotary base"] = Base with { RotaryEmbBase = 31.5 },
        ["mlp as wide as the model"] = Base with { IntermediateSize = 24 },
    };

    public static TheoryData<string> Names => [.. Variants.Keys, .. Activation.Names];

    [Theory, MemberData(nameof(Names))]
    public void Every_path_computes_what_the_formulas_say(string name)
    {
        var config = Variants.TryGetValue(name, out var variant) ? variant : Base with { HiddenAct = name };
        using var inference = inference_mode();
        var weights = new Dictionary<string, float[]>();
        var model = Random(config, weights);
        var expected = new PlainNeox(config, tensor => weights[tensor]).Logits(Ids).SelectMany(row => row).ToArray();

        using var input = tensor(Array.ConvertAll(Ids, id => (long)id), [1, Ids.Length]);
        using var dense = model.Forward(input);
        Close(expected, dense.data<float>().ToArray());

        Assert.Equal(weights.Values.Sum(values => values.Length), config.ParameterCount);

        using var runner = new ModelRunner(model, 1 << 20);
        CheckRunner(config, runner, expected);
        Assert.True(PackedLinear.Serves(ScalarType.Float32, CPU), "libtorch has no packed linears; the runner would be slow");
        model.Pack();
        CheckRunner(config, runner, expected);

        using var host = ModelRunner.Load(config, (_, _) => RandomWeights(), () => { }, "cpu", "fp32", 1 << 20, threads: 2);
        CheckRunner(config, host, expected);
    }

    private static void CheckRunner(GptNeoXConfig config, ModelRunner runner, double[] expected)
    {
        var slot = runner.TryAcquire(Ids.Length)!.Value;
        var rows = new float[Ids.Length * config.VocabSize];
        runner.Run([new(slot, 0, Ids.AsMemory(0, 4), LogitsWanted.All)], rows);
        runner.Run([new(slot, 4, Ids.AsMemory(4, 4), LogitsWanted.All)], rows.AsSpan(4 * config.VocabSize));
        runner.Run([new(slot, 8, Ids.AsMemory(8), LogitsWanted.All)], rows.AsSpan(8 * config.VocabSize));
        Close(expected, rows);
    }

    /// <summary>The same weights every time, and as large as trained ones, so that every part of the model shows in the logits.</summary>
    internal static GptNeoXModel Random(
        GptNeoXConfig config,
        Dictionary<string, float[]>? copies = null,
        ScalarType dtype = ScalarType.Float32,
        Func<Tensor, Tensor>? wrap = null,
        ScalarType? compute = null)
    {
        set_num_threads(1); // models this small: two threads would only wait for each other
        var weights = RandomWeights();
        return new GptNeoXModel(config, (name, shape) =>
        {
            var weight = weights(name, shape);
            copies?.Add(name, weight.data<float>().ToArray());
            weight = weight.to(dtype, disposeAfter: true);
            return wrap is null ? weight : wrap(weight);
        }, compute);
    }

    private static Func<string, long[], Tensor> RandomWeights()
    {
        // Not libtorch's generator: that one is shared by all tests that run at the same time.
        var random = new Random(7);
        return (name, shape) =>
        {
            var scale = shape.Length == 1 ? 0.5f : 2 / MathF.Sqrt(shape[1]);
            var shift = name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0;
            var values = new float[shape.Aggregate(1L, (product, dimension) => product * dimension)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = shift + scale * (2 * random.NextSingle() - 1);
            }
            return tensor(values, shape);
        };
    }

    private static void Close(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * (1 + Math.Abs(pair.First))));
    }
}
