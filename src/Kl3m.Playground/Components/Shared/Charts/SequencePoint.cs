using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared.Charts;

/// <summary>A token on the chart along a sequence.</summary>
/// <param name="Name">The token in letters.</param>
/// <param name="Surprisal">Bits; null where it has no score.</param>
/// <param name="Entropy">Bits; null where it is not known.</param>
/// <param name="Rank">Among raw probabilities; 0 where it is not known.</param>
public readonly record struct SequencePoint(string Name, double? Surprisal, double? Entropy, int Rank)
{
    /// <summary>A token's numbers, of which a server elsewhere may not tell all: NaN is not known.</summary>
    public static SequencePoint Of(string name, TokenScore? score) =>
        new(name, Known(score?.Surprisal), Known(score?.Entropy), score?.Rank ?? 0);

    private static double? Known(float? bits) => bits is { } value && !float.IsNaN(value) ? value : null;
}
