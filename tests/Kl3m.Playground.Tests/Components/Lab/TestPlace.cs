using Kl3m.Inference;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Tests.Components.Lab;

/// <summary>Positions with logits of a shape like a model's, and settings of every kind, from a fixed seed.</summary>
internal static class TestPlace
{
    public static StripPlace Random(Random random, int vocabulary, bool withImpossible = false)
    {
        var logits = new float[vocabulary];
        for (var id = 0; id < vocabulary; id++)
        {
            // A normal bulk and a few that stand out, some of them equal.
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            logits[id] = (float)(normal * 2 + (random.Next(40) == 0 ? random.Next(4, 12) : 0));
            logits[id] = withImpossible && random.Next(50) == 0 ? float.NegativeInfinity : random.Next(20) == 0 ? MathF.Round(logits[id]) : logits[id];
        }
        int[] tokens = [.. Enumerable.Range(0, random.Next(5, 40)).Select(_ => random.Next(Math.Min(60, vocabulary)))];
        return new(new PositionLogits(logits, false), tokens, random.Next(1, tokens.Length), random.NextDouble(), random.Next(vocabulary));
    }

    public static SamplingParams Settings(Random random, int vocabulary) => new()
    {
        Temperature = random.Next(12) == 0 ? 0 : random.Next(4) == 0 ? 1 : (float)Math.Round(0.1 + 1.9 * random.NextDouble(), 2),
        TopK = random.Next(3) == 0 ? 0 : random.Next(1, vocabulary + 5),
        TopP = random.Next(3) == 0 ? 1 : (float)Math.Round(random.NextDouble(), 2),
        MinP = random.Next(3) == 0 ? (float)Math.Round(random.NextDouble() * 0.4, 2) : 0,
        TypicalP = random.Next(4) == 0 ? (float)Math.Round(0.05 + 0.9 * random.NextDouble(), 2) : 1,
        RepetitionPenalty = random.Next(4) == 0 ? 1 + random.NextSingle() : 1,
        FrequencyPenalty = random.Next(5) == 0 ? (float)(random.NextDouble() * 4 - 2) : 0,
        PresencePenalty = random.Next(5) == 0 ? (float)(random.NextDouble() * 4 - 2) : 0,
        NoRepeatNgramSize = random.Next(6) == 0 ? random.Next(1, 4) : 0,
        LogitBias = random.Next(6) == 0 ? new Dictionary<int, float> { [random.Next(vocabulary)] = random.Next(-20, 20), [random.Next(vocabulary)] = 5 } : new Dictionary<int, float>(),
    };
}
