using System.Globalization;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>Why a stage cut a token, with the number that decided.</summary>
internal sealed class CutWords(SamplingParams settings, StageOrder[] stages, IReadOnlyList<SamplingStage?> cutBy)
{
    public string Of(StripStage stage, int id)
    {
        if (stage == StripStage.Raw)
        {
            return "impossible: its logit is −∞";
        }
        var before = stages[(int)stage - 1];
        switch (stage)
        {
            case StripStage.Temperature:
                return "cut: greedy takes the top token";
            case StripStage.TopK:
                return $"cut: rank {Numbers.Count(before.PlaceOf(id) ?? 0)} > {Numbers.Count(settings.TopK)}";
            case StripStage.TopP:
                return $"cut: {Reached(before.MassBefore(id), settings.TopP)} already ≥ {Numbers.Setting(settings.TopP)}";
            case StripStage.MinP:
                return $"cut: {Numbers.Share((before.ShareOf(id) ?? 0) / before.Shares[0])} of the top";
            case StripStage.TypicalP:
                var bits = Math.Abs(-Math.Log2(before.ShareOf(id) ?? 0) - (before.Trace.Entropy ?? 0));
                return $"cut: {Numbers.Bits(bits)} bits off";
            default:
                return cutBy[id] == SamplingStage.NoRepeatNgram ? $"cut: would repeat {Numbers.Count(settings.NoRepeatNgramSize)} tokens" : "cut";
        }
    }

    // Rounded down, since a sum that is just short of 1 is not 1; with a fourth digit where three would contradict the sentence.
    private static string Reached(double mass, double p)
    {
        double Down(int digits) => Math.Floor(Math.Round(Math.Min(mass, 1), 8) * Math.Pow(10, digits)) / Math.Pow(10, digits);
        return Down(3) >= Math.Round(p, 8) ? Down(3).ToString("0.000", CultureInfo.InvariantCulture) : Down(4).ToString("0.0000", CultureInfo.InvariantCulture);
    }
}
