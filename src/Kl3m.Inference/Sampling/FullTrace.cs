namespace Kl3m.Inference.Sampling;

/// <summary>Everything that the sampler's stages did to one row of logits, over the whole vocabulary.</summary>
/// <param name="Stages">Raw first, then only the stages that were on; the last one is what a token is drawn from.</param>
/// <param name="CutBy">By token id: the stage that removed the token, null if it is left to draw from.</param>
public sealed record FullTrace(IReadOnlyList<StageDistribution> Stages, IReadOnlyList<SamplingStage?> CutBy);

/// <summary>The distribution after a stage.</summary>
/// <param name="TokenIds">The tokens left, in raw-rank order whatever the stage did to their order.</param>
/// <param name="Probabilities">Of those tokens, in the same order; they add up to 1.</param>
public sealed record StageDistribution(StageTrace Trace, IReadOnlyList<int> TokenIds, IReadOnlyList<double> Probabilities);
