namespace Kl3m.Inference;

/// <summary>What to continue and how. Exactly one of <see cref="Prompt"/> and <see cref="PromptTokenIds"/> is given.</summary>
public sealed record GenerationRequest
{
    public string? Prompt { get; init; }

    public IReadOnlyList<int>? PromptTokenIds { get; init; }

    public SamplingParams Sampling { get; init; } = new();

    /// <summary>Also report every prompt token's own numbers (one <see cref="PromptScored"/> event).</summary>
    public bool ScorePrompt { get; init; }

    /// <summary>How many of the most likely tokens to report at each position, by raw rank; 0 to <see cref="MaxAlternatives"/>.</summary>
    public int Alternatives { get; init; } = 10;

    /// <summary>Whose request it is, for fairness between users; null is a user of its own.</summary>
    public string? User { get; init; }

    public const int MaxAlternatives = 100;
}
