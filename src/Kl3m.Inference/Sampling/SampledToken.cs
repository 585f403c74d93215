namespace Kl3m.Inference.Sampling;

/// <summary>The token that was drawn, its numbers, and how the draw went.</summary>
public readonly record struct SampledToken(TokenScore Score, SamplingTrace Trace);
