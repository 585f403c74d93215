namespace Kl3m.Playground.Runs;

/// <summary>A token of a run: its sequence (from 0) and its place among that sequence's new tokens (from 0).</summary>
public sealed record SelectedToken(int Sequence, int Position);
