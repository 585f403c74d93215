namespace Kl3m.Inference;

/// <summary>What happens while a request runs; see <see cref="ITextGenerator.GenerateAsync"/> for the order.</summary>
public abstract record GenerationEvent;

/// <summary>The request was taken. <paramref name="Seed"/> is the one asked for, or the one that was drawn.</summary>
public sealed record GenerationStarted(IReadOnlyList<int> PromptTokenIds, ulong Seed) : GenerationEvent;

/// <summary>The request waits for room; comes again when the place changes.</summary>
/// <param name="Place">1 is next.</param>
/// <param name="Estimate">Until it starts, from how long requests took lately; null while that is not known.</param>
public sealed record GenerationQueued(int Place, TimeSpan? Estimate) : GenerationEvent;

/// <summary>So many of the prompt's tokens have been read.</summary>
public sealed record PromptProgress(int Done, int Total) : GenerationEvent;

/// <summary>Numbers of each prompt token given those before it; the first has none and is null.</summary>
public sealed record PromptScored(IReadOnlyList<TokenScore?> Tokens) : GenerationEvent;

/// <summary>
/// One token of one sequence. The texts of a sequence's tokens, joined, are exactly its completion: a character that several tokens
/// make up belongs to the last of them, special tokens and what lies behind a stop text have none.
/// </summary>
/// <param name="SequenceIndex">0 to Sequences - 1.</param>
/// <param name="Position">0 for the completion's first token; those of <see cref="GenerationRequest.CompletionTokenIds"/> count.</param>
public sealed record TokenGenerated(int SequenceIndex, int Position, string Text, TokenScore Score, SamplingTrace Trace) : GenerationEvent
{
    /// <summary>The model's logits at this position by token id, before any filter, where <see cref="GenerationRequest.KeepLogits"/> asked for them and the generator has them.</summary>
    public ReadOnlyMemory<float>? Logits { get; init; }
}

/// <param name="StopText">The stop text that ended it, if one did.</param>
/// <param name="StopTokenId">The end token that ended it, if one did.</param>
public sealed record SequenceFinished(int SequenceIndex, FinishReason Reason, string? StopText = null, int? StopTokenId = null) : GenerationEvent;

public sealed record GenerationFinished(Usage Usage, GenerationTimings Timings) : GenerationEvent;

public sealed record Usage(int PromptTokens, int CompletionTokens)
{
    public int TotalTokens => PromptTokens + CompletionTokens;
}

/// <param name="Queued">From the request to its first step.</param>
/// <param name="FirstToken">From the request to its first token; null when none was written.</param>
/// <param name="Total">From the request to its end.</param>
public sealed record GenerationTimings(TimeSpan Queued, TimeSpan? FirstToken, TimeSpan Total);

/// <summary>
/// A token and its numbers at its position. Logs are natural. "Raw" is the softmax of the model's own logits over the whole
/// vocabulary, "final" the distribution after all filters, from which the token was drawn.
/// </summary>
public sealed record TokenScore
{
    public required int TokenId { get; init; }

    public required float RawLogprob { get; init; }

    /// <summary>Negative infinity for a token that the filters cut. Equals raw in <see cref="PromptScored"/>.</summary>
    public required float FinalLogprob { get; init; }

    /// <summary>Place among raw probabilities, 1 = most likely; ties go to the lower id.</summary>
    public required int Rank { get; init; }

    /// <summary>Of the raw distribution at this position, bits.</summary>
    public required float Entropy { get; init; }

    /// <summary>The most likely tokens by raw rank, the chosen one among them only if its rank says so.</summary>
    public required IReadOnlyList<Alternative> Alternatives { get; init; }

    /// <summary>-log2 of the raw probability, bits.</summary>
    public float Surprisal => -RawLogprob / MathF.Log(2);
}

/// <param name="CutBy">The filter that removed the token, if one did.</param>
public readonly record struct Alternative(int TokenId, float RawLogprob, float FinalLogprob, SamplingStage? CutBy);
