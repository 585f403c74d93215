namespace Kl3m.Playground.Components.Shared.Charts;

/// <summary>A token on the chart along a sequence.</summary>
/// <param name="Name">The token in letters.</param>
/// <param name="Surprisal">Bits; null where it has no score.</param>
/// <param name="Entropy">Bits; null where it is not known.</param>
/// <param name="Rank">Among raw probabilities; 0 where it is not known.</param>
public readonly record struct SequencePoint(string Name, double? Surprisal, double? Entropy, int Rank);
