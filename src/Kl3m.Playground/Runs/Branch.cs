using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>Where a run leaves another one. Only one continuation is its own; the others it shows as they stand.</summary>
/// <param name="Sequence">The continuation that goes another way; its place among the others stays.</param>
/// <param name="Position">How many of its tokens stay.</param>
/// <param name="Forced">What a person put behind them; empty to go on writing.</param>
public sealed record Branch(Run From, int Sequence, int Position, IReadOnlyList<TokenGenerated> Forced);
