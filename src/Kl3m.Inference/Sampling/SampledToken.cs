namespace Kl3m.Inference.Sampling;

/// <summary>The token that was drawn, its numbers, and how the draw went.</summary>
/// <param name="Logits">The row that it was drawn from, where it is to be kept.</param>
public readonly record struct SampledToken(TokenScore Score, SamplingTrace Trace, ReadOnlyMemory<float>? Logits = null);
