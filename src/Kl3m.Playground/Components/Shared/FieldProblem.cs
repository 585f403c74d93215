using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared;

/// <summary>A caller's mistake as its field shows it: the sentence, and what one click does about it.</summary>
public sealed record FieldProblem(string Field, string Sentence, Fix? Fix = null);

/// <summary>A way out of a mistake.</summary>
public sealed record Fix(string Label, Func<SamplingParams, SamplingParams> Apply);
