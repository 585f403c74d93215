using Kl3m.Inference;

namespace Kl3m.Playground.Api;

/// <summary>A completions request as read from the wire; every field within its own range.</summary>
internal sealed record CompletionRequest
{
    /// <summary>Null is the model that is loaded.</summary>
    public string? Model { get; init; }

    public required IReadOnlyList<PromptInput> Prompts { get; init; }

    public required SamplingParams Sampling { get; init; }

    /// <summary>How many of the most likely tokens to report beside the chosen one; null reports no logprobs at all.</summary>
    public int? Logprobs { get; init; }

    /// <summary>Report the distribution that the token was drawn from instead of the model's own.</summary>
    public bool ProcessedLogprobs { get; init; }

    public bool Echo { get; init; }

    public bool Stream { get; init; }

    public bool IncludeUsage { get; init; }

    public bool ReturnTokenIds { get; init; }

    public bool ReturnTokensAsTokenIds { get; init; }

    public string? User { get; init; }

    /// <summary>What the engine is asked for one of the prompts.</summary>
    public GenerationRequest For(PromptInput prompt) => new()
    {
        Prompt = prompt.Text,
        PromptTokenIds = prompt.TokenIds,
        Sampling = Sampling,
        ScorePrompt = Echo && Logprobs is not null,
        // The engine lists alternatives by raw rank; filters reorder them, so the likeliest final ones are picked from as many as it gives.
        Alternatives = ProcessedLogprobs && Logprobs > 0 ? GenerationRequest.MaxAlternatives : Logprobs ?? 0,
        User = User,
    };
}

/// <summary>A text or its tokens; exactly one is there.</summary>
internal readonly record struct PromptInput(string? Text, IReadOnlyList<int>? TokenIds);
