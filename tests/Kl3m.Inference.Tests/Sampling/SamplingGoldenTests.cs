using System.Text.Json;
using System.Text.Json.Serialization;
using Kl3m.Inference.Sampling;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Sampling;

/// <summary>Parity with generate() of Hugging Face transformers 4.45.1: what it hands to torch.multinomial, for 438 rows and settings.</summary>
public sealed class SamplingGoldenTests
{
    private const string Cases = "golden/neox/sampling/cases.json";
    private const string EdgeParams = "golden/neox/sampling/edge_params.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    [Fact]
    public void Kept_tokens_and_probabilities_are_those_of_transformers()
    {
        var golden = Read<CaseFile>(Cases);
        Assert.Equal(438, golden.Cases.Count);
        foreach (var expected in golden.Cases.Where(c => c.Error is null))
        {
            var logits = golden.Vectors[expected.Vector];
            var sampler = new Sampler(logits.Length);
            var settings = expected.Params.ToSettings(logits);
            var trace = sampler.Explain(logits, settings, expected.ContextIds, expected.ContextIds.Length);
            var last = trace.Stages[^1];
            var probabilities = last.TokenIds.Zip(last.Probabilities).ToDictionary(pair => pair.First, pair => pair.Second);
            var kept = last.TokenIds.Order().ToArray();

            Assert.True(expected.NumKept == kept.Length, $"{expected.Id}: {kept.Length} tokens are kept, not {expected.NumKept}");
            if (!expected.TieAtCut)
            {
                Assert.True(expected.KeptIds!.SequenceEqual(kept), $"{expected.Id}: [{string.Join(' ', kept)}] are kept");
            }
            var actual = expected.TieAtCut ? last.Probabilities.Order() : kept.Select(id => probabilities[id]);
            var wanted = expected.TieAtCut ? expected.Probs!.Order() : expected.Probs!.AsEnumerable();
            Assert.True(actual.Zip(wanted).Max(pair => Math.Abs(pair.First - pair.Second)) < 2e-6, $"{expected.Id}: a probability is off");
            if (!expected.TieAtCut)
            {
                Assert.True(expected.Argmax == kept.MaxBy(id => (probabilities[id], -id)), $"{expected.Id}: another token is the most likely");
            }
            CheckScores(expected, sampler);
            CheckDraw(expected, sampler, logits, settings, probabilities);
        }
    }

    [Fact]
    public void Banning_every_token_is_an_error_that_names_the_setting()
    {
        var golden = Read<CaseFile>(Cases);
        var failing = Assert.Single(golden.Cases, c => c.Error is not null);
        var logits = golden.Vectors[failing.Vector];
        var thrown = Assert.Throws<InvalidOperationException>(
            () => new Sampler(logits.Length).Sample(logits, failing.Params.ToSettings(logits), failing.ContextIds, 0, 0.5, 10));
        Assert.Contains(nameof(SamplingParams.NoRepeatNgramSize), thrown.Message);
    }

    /// <summary>
    /// Where we differ on purpose: temperature 0 is greedy; types are C#'s, so that 2 for 2.0 is no mistake; a probability above 1 and an
    /// n-gram of a negative size are mistakes, which generate() takes for "off"; null is our default, which is off.
    /// </summary>
    [Fact]
    public void Settings_at_the_edge_are_taken_or_refused_as_transformers_does_but_for_what_is_documented()
    {
        var golden = Read<CaseFile>(EdgeParams);
        var logits = Read<CaseFile>(Cases).Vectors["v8_peaked"];
        int[] context = [0, 4, 6, 2, 0, 4, 6, 5, 2, 0, 4];
        var differences = new List<string>();
        foreach (var edge in golden.Cases.Where(c => !c.Params.IsForeign))
        {
            var settings = edge.Params.ToSettings(logits);
            var isValid = !settings.Validate().Any();
            if (isValid != edge.Ok)
            {
                differences.Add($"{edge.Params} {(isValid ? "taken" : "refused")}");
            }
            else if (isValid)
            {
                var trace = new Sampler(logits.Length).Explain(logits, settings, context, context.Length);
                Assert.Equal(edge.KeptIds!, trace.Stages[^1].TokenIds.Order());
            }
        }
        Assert.Equal(
            ["Temperature 0 taken", "Temperature 2 taken", "TopK 2 taken", "TopP 1.5 refused", "TypicalP 1.5 refused", "RepetitionPenalty 2 taken", "NoRepeatNgramSize -1 refused"],
            differences);
    }

    /// <summary>The golden has the scores of the kept tokens only, of vocabularies up to 64 wide.</summary>
    private static void CheckScores(Case expected, Sampler sampler)
    {
        foreach (var (id, wanted) in expected.KeptIds!.Zip(expected.ProcessedLogits ?? []))
        {
            Assert.True(Math.Abs(sampler.Scores[id] - wanted) <= 1e-6 * Math.Max(1, Math.Abs(wanted)), $"{expected.Id}: the score of {id} is off");
        }
    }

    private static void CheckDraw(Case expected, Sampler sampler, float[] logits, SamplingParams settings, Dictionary<int, double> probabilities)
    {
        foreach (var u in new[] { 0, 0.3, 0.77, 1 - Math.Pow(2, -53) })
        {
            var drawn = sampler.Sample(logits, settings, expected.ContextIds, expected.ContextIds.Length, u, 5);
            Assert.True(probabilities.TryGetValue(drawn.Score.TokenId, out var probability), $"{expected.Id}: {drawn.Score.TokenId} was cut and drawn");
            Assert.Equal(probability, Math.Exp(drawn.Score.FinalLogprob), 2e-6);
            Assert.Equal(probability, drawn.Trace.High - drawn.Trace.Low, 2e-6);
            Assert.InRange(u, drawn.Trace.Low, drawn.Trace.High);
            Assert.Equal(expected.NumKept, drawn.Trace.Kept);
        }
    }

    private static T Read<T>(string path) => JsonSerializer.Deserialize<T>(File.ReadAllText(SharedFolder.Require(path)), Json)!;

    private sealed record CaseFile(Dictionary<string, float[]> Vectors, List<Case> Cases);

    private sealed record Case(
        string Id, string Vector, HuggingFaceParams Params, int[] ContextIds, int NumKept, int[]? KeptIds, double[]? Probs, float[]? ProcessedLogits,
        int Argmax, bool TieAtCut, bool Ok, string? Error);

    /// <summary>Settings by generate()'s names; what is absent or null has its default.</summary>
    private sealed record HuggingFaceParams
    {
        public float? Temperature { get; init; }
        public float? TopK { get; init; } = 50;
        public float? TopP { get; init; }
        public float? MinP { get; init; }
        public float? TypicalP { get; init; }
        public float? EpsilonCutoff { get; init; }
        public float? EtaCutoff { get; init; }
        public float? RepetitionPenalty { get; init; }
        public int? NoRepeatNgramSize { get; init; }

        /// <summary>A setting that we do not have, with a value out of its range.</summary>
        public bool IsForeign => EpsilonCutoff > 1;

        public SamplingParams ToSettings(float[] logits) => new()
        {
            Temperature = Temperature ?? 1,
            TopK = (int)(TopK ?? 0),
            TopP = TopP ?? 1,
            MinP = MinP ?? Cutoff(logits),
            TypicalP = TypicalP ?? 1,
            RepetitionPenalty = RepetitionPenalty ?? 1,
            NoRepeatNgramSize = NoRepeatNgramSize ?? 0,
        };

        // We have neither cutoff: each is a bound on the probability, which is min-p's bound by another name.
        private float Cutoff(float[] logits)
        {
            var weights = logits.Select(x => Math.Exp(x - logits.Max())).ToArray();
            var probabilities = weights.Select(w => w / weights.Sum()).ToArray();
            var entropy = -probabilities.Where(p => p > 0).Sum(p => p * Math.Log(p));
            var bound = EtaCutoff is { } eta ? Math.Min(eta, Math.Sqrt(eta) * Math.Exp(-entropy)) : EpsilonCutoff ?? 0;
            return (float)Math.Min(1, bound / probabilities.Max());
        }

        public override string ToString() => string.Join(' ', GetType().GetProperties()
            .Where(p => p.Name is not nameof(IsForeign) && p.GetValue(this) is { } value && !(p.Name == nameof(TopK) && value is 50f))
            .Select(p => $"{p.Name} {p.GetValue(this)}"));
    }
}
