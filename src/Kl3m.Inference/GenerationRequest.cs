namespace Kl3m.Inference;

/// <summary>What to continue and how. Exactly one of <see cref="Prompt"/> and <see cref="PromptTokenIds"/> is given.</summary>
public sealed record GenerationRequest
{
    public string? Prompt { get; init; }

    public IReadOnlyList<int>? PromptTokenIds { get; init; }

    /// <summary>
    /// What was written behind the prompt before: the request goes on from there, with the dice and the penalties of those positions, so that a
    /// text written in parts is the text written at once. It counts as read, not as new: <see cref="SamplingParams.MaxTokens"/> are on top,
    /// and stop texts are looked for in the new text.
    /// </summary>
    public IReadOnlyList<int> CompletionTokenIds { get; init; } = [];

    /// <summary>The number that the first sequence throws its dice by; others follow. For going on with a run's second or third sequence.</summary>
    public int FirstSequence { get; init; }

    /// <summary>Hand out the whole row of logits that each token was drawn from: 4 bytes times the vocabulary for each token.</summary>
    public bool KeepLogits { get; init; }

    public SamplingParams Sampling { get; init; } = new();

    /// <summary>Also report every prompt token's own numbers (one <see cref="PromptScored"/> event).</summary>
    public bool ScorePrompt { get; init; }

    /// <summary>How many of the most likely tokens to report at each position, by raw rank; 0 to <see cref="MaxAlternatives"/>.</summary>
    public int Alternatives { get; init; } = 10;

    /// <summary>Whose request it is, for fairness between users; null is a user of its own.</summary>
    public string? User { get; init; }

    /// <summary>Who has a lower number is admitted and read before those with a higher one, whatever they hold already; 0 is usual, as in vLLM.</summary>
    public int Priority { get; init; }

    /// <summary>A handle by which single sequences can be ended.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public SequenceStops? Stops { get; init; }

    public const int MaxAlternatives = 100;
}
