using BenchmarkDotNet.Attributes;
using Kl3m.Inference;
using Kl3m.Inference.Sampling;

namespace Kl3m.Benchmarks;

/// <summary>One token of one sequence: what the engine's thread spends on it beside the model.</summary>
[MemoryDiagnoser]
public class SamplerBenchmarks
{
    private const int Rows = 32;

    private static readonly Dictionary<string, SamplingParams> Named = new()
    {
        ["plain"] = new(),
        ["greedy"] = new() { Temperature = 0 },
        ["default"] = new() { Temperature = 0.7f, TopK = 50, TopP = 0.95f },
        ["top-p"] = new() { Temperature = 0.7f, TopP = 0.95f },
        ["typical"] = new() { TypicalP = 0.9f },
        ["penalties"] = new() { Temperature = 0.7f, TopK = 50, TopP = 0.95f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f, NoRepeatNgramSize = 3 },
    };

    private readonly float[][] rows = new float[Rows][];
    private readonly int[] tokens = new int[600];
    private Sampler sampler = null!;
    private SamplingParams settings = null!;
    private int position;

    [Params(4096, 32768)]
    public int Vocabulary { get; set; }

    /// <summary>Flat rows are hard: what they keep is thousands of tokens.</summary>
    [Params("peaked", "flat")]
    public string Shape { get; set; } = "peaked";

    [ParamsSource(nameof(Names))]
    public string Settings { get; set; } = "default";

    public static IEnumerable<string> Names => Named.Keys;

    [GlobalSetup]
    public void Prepare()
    {
        var random = new Random(1);
        for (var i = 0; i < Rows; i++)
        {
            // Roughly a language model's: normal, with a few tokens far above.
            var row = rows[i] = new float[Vocabulary];
            var spread = Shape == "flat" ? 0.5 : 2.5;
            foreach (ref var logit in row.AsSpan())
            {
                logit = (float)(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
            }
            for (var j = 0; Shape == "peaked" && j < 10; j++)
            {
                row[random.Next(Vocabulary)] += 10 - j;
            }
        }
        foreach (ref var token in tokens.AsSpan())
        {
            token = random.Next(Math.Min(200, Vocabulary));
        }
        sampler = new(Vocabulary);
        settings = Named[Settings];
    }

    [Benchmark]
    public SampledToken Sample()
    {
        position++;
        return sampler.Sample(rows[position % Rows], settings, tokens, 500, SeededRandom.NextUniform(1, 0, position), 10);
    }

    [Benchmark]
    public TokenScore Score()
    {
        position++;
        return sampler.Score(rows[position % Rows], tokens[position % tokens.Length], 10);
    }
}
