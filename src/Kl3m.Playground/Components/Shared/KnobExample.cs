using Kl3m.Inference;
using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Components.Shared;

/// <summary>The distribution that the knobs' pictures play with, and what the sampler itself makes of it under one setting.</summary>
internal static class KnobExample
{
    /// <summary>Eight tokens, the first of which came twice before and the third once.</summary>
    public static double[] Shares { get; } = [0.42, 0.23, 0.12, 0.08, 0.06, 0.04, 0.03, 0.02];

    private static readonly int[] Before = [0, 2, 0];

    /// <summary>Shares by token, 0 where it was cut; the example itself for a setting out of its range.</summary>
    public static double[] After(string field, double value)
    {
        var number = (float)value;
        var settings = field switch
        {
            nameof(SamplingParams.MinP) => new SamplingParams { MinP = number },
            nameof(SamplingParams.TypicalP) => new SamplingParams { TypicalP = number },
            nameof(SamplingParams.RepetitionPenalty) => new SamplingParams { RepetitionPenalty = number },
            nameof(SamplingParams.FrequencyPenalty) => new SamplingParams { FrequencyPenalty = number },
            nameof(SamplingParams.PresencePenalty) => new SamplingParams { PresencePenalty = number },
            _ => new SamplingParams(),
        };
        if (settings.Validate().Any())
        {
            return Shares;
        }
        float[] logits = [.. Shares.Select(share => (float)Math.Log(share))];
        var last = new Sampler(Shares.Length).Explain(logits, settings, Before, promptLength: 0).Stages[^1];
        var after = new double[Shares.Length];
        foreach (var (id, share) in last.TokenIds.Zip(last.Probabilities))
        {
            after[id] = share;
        }
        return after;
    }
}
