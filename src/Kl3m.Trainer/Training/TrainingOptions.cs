using System.Globalization;
using System.Text.Json;
using Kl3m.Inference.Models;

namespace Kl3m.Trainer.Training;

/// <summary>What makes a run: the same options, corpus and tokenizer give the same weights. Kept in every checkpoint.</summary>
internal sealed record TrainingOptions
{
    public int Hidden { get; init; } = 256;

    public int Layers { get; init; } = 6;

    public int Heads { get; init; } = 4;

    /// <summary>Positions that the model is made for; the decay phase trains on windows of this length.</summary>
    public int Context { get; init; } = 1024;

    /// <summary>Length of the windows before the decay phase: attention is cheaper over short ones. Must divide the context.</summary>
    public int Window { get; init; } = 512;

    /// <summary>Windows of the context's length per step.</summary>
    public int Batch { get; init; } = 8;

    /// <summary>Parts that a batch is computed in; as many threads can work side by side.</summary>
    public int Parts { get; init; } = 2;

    /// <summary>What trains the matrices of the layers: <c>muon</c> or <c>adamw</c>. The rest is AdamW's in any case.</summary>
    public string Optimizer { get; init; } = "muon";

    /// <summary>Learning rate of Muon.</summary>
    public double MuonRate { get; init; } = 0.02;

    /// <summary>Learning rate of AdamW.</summary>
    public double Rate { get; init; } = 3e-3;

    public double WeightDecay { get; init; } = 0.01;

    public double ClipNorm { get; init; } = 1;

    public int WarmupSteps { get; init; } = 50;

    public int Seed { get; init; } = 1;

    /// <summary>The type that linears multiply in: <c>bf16</c> or <c>fp32</c>. Weights and their sums are fp32.</summary>
    public string Dtype { get; init; } = "bf16";

    /// <summary>Share of the words that are read apart from the space before them; see <see cref="Data.SpaceSplits"/>.</summary>
    public double SpaceSplits { get; init; } = 0.02;

    /// <summary>How often an epoch reads a kind; kinds that are not named, once.</summary>
    public IReadOnlyDictionary<string, double> KindWeights { get; init; } = new Dictionary<string, double>();

    public int BatchTokens => Batch * Context;

    /// <summary>All of it as one line: equal for equal options.</summary>
    public string Signature() => JsonSerializer.Serialize(this);

    /// <summary>What differs from the defaults, as it is typed.</summary>
    public string CommandLine()
    {
        var absent = new TrainingOptions();
        (string Name, object Value, object Absent)[] all =
        [
            ("hidden", Hidden, absent.Hidden), ("layers", Layers, absent.Layers), ("heads", Heads, absent.Heads), ("context", Context, absent.Context),
            ("window", Window, absent.Window), ("batch", Batch, absent.Batch), ("parts", Parts, absent.Parts), ("optimizer", Optimizer, absent.Optimizer),
            ("muon-rate", MuonRate, absent.MuonRate), ("rate", Rate, absent.Rate), ("weight-decay", WeightDecay, absent.WeightDecay),
            ("clip-norm", ClipNorm, absent.ClipNorm), ("warmup-steps", WarmupSteps, absent.WarmupSteps), ("seed", Seed, absent.Seed),
            ("dtype", Dtype, absent.Dtype), ("space-splits", SpaceSplits, absent.SpaceSplits),
            ("kind-weights", string.Join(',', KindWeights.Select(pair => FormattableString.Invariant($"{pair.Key}={pair.Value}"))), ""),
        ];
        return string.Join(' ', all
            .Where(option => !option.Value.Equals(option.Absent))
            .Select(option => FormattableString.Invariant($"--{option.Name} {option.Value}")));
    }

    public GptNeoXConfig Config(int vocabulary, int end) => new()
    {
        VocabSize = vocabulary,
        HiddenSize = Hidden,
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        IntermediateSize = 4 * Hidden,
        MaxPositionEmbeddings = Context,
        BosTokenId = null,
        EosTokenIds = [end],
    };

    public static TrainingOptions Read(Arguments arguments)
    {
        var absent = new TrainingOptions();
        var options = new TrainingOptions
        {
            Hidden = arguments.Number("hidden", absent.Hidden, 8),
            Layers = arguments.Number("layers", absent.Layers, 1),
            Heads = arguments.Number("heads", absent.Heads, 1),
            Context = arguments.Number("context", absent.Context, 2),
            Window = arguments.Number("window", absent.Window, 2),
            Batch = arguments.Number("batch", absent.Batch, 1),
            Parts = arguments.Number("parts", absent.Parts, 1),
            Optimizer = arguments.Choice("optimizer", ["muon", "adamw"]),
            MuonRate = arguments.Number("muon-rate", absent.MuonRate, 0.0),
            Rate = arguments.Number("rate", absent.Rate, 0.0),
            WeightDecay = arguments.Number("weight-decay", absent.WeightDecay, 0.0),
            ClipNorm = arguments.Number("clip-norm", absent.ClipNorm, 0.0),
            WarmupSteps = arguments.Number("warmup-steps", absent.WarmupSteps, 0),
            Seed = arguments.Number("seed", absent.Seed, 0),
            Dtype = arguments.Choice("dtype", ["bf16", "fp32"]),
            SpaceSplits = arguments.Number("space-splits", absent.SpaceSplits, 0.0),
            KindWeights = KindWeightsOf(arguments.Text("kind-weights") ?? ""),
        };
        return options.Hidden % options.Heads != 0 ? throw new UsageException("--heads must divide --hidden.")
            : options.Context % options.Window != 0 ? throw new UsageException("--window must divide --context.")
            : options.Batch % options.Parts != 0 ? throw new UsageException("--parts must divide --batch.")
            : options;
    }

    /// <summary><c>contracts=2,other=1.5</c></summary>
    private static Dictionary<string, double> KindWeightsOf(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(
            pair => pair[0],
            pair => pair.Length == 2 && double.TryParse(pair[1], CultureInfo.InvariantCulture, out var weight) && weight >= 0
                ? weight
                : throw new UsageException("--kind-weights must look like contracts=2,other=1.5."));
}
