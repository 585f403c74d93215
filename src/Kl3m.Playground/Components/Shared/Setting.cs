using System.Globalization;
using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared;

/// <summary>One number among the sampling parameters, as a knob shows it.</summary>
public sealed record Setting
{
    /// <summary>The property of <see cref="SamplingParams"/>, as <see cref="Problem.Field"/> names it.</summary>
    public required string Field { get; init; }

    public required string Label { get; init; }

    /// <summary>What it does, in one sentence.</summary>
    public required string Sentence { get; init; }

    public required Scale Scale { get; init; }

    public required IReadOnlyList<Zone> Zones { get; init; }

    /// <summary>What reset returns to: the value that changes nothing, or the usual one where there is no such value.</summary>
    public required double Neutral { get; init; }

    /// <summary>Least and most that the sampler takes; wider than the slider.</summary>
    public required (double Least, double Most) Allowed { get; init; }

    public int Decimals { get; init; }

    public required Func<SamplingParams, double> Get { get; init; }

    public required Func<SamplingParams, double, SamplingParams> With { get; init; }

    public bool IsNeutral(SamplingParams sampling) => Get(sampling) == Neutral;

    public string Format(double value) => value.ToString(FormatText, CultureInfo.InvariantCulture);

    public string FormatText => Decimals == 0 ? "0" : "0." + new string('0', Decimals);

    /// <summary>The zone that a value lies in, by its place on the slider.</summary>
    public int ZoneOf(double value)
    {
        var stop = Scale.IndexOf(value);
        var zone = 0;
        for (var i = 1; i < Zones.Count; i++)
        {
            if (Scale.IndexOf(Zones[i].From) <= stop)
            {
                zone = i;
            }
        }
        return zone;
    }
}
