using System.Text.Json.Serialization;

namespace Kl3m.Playground.Api;

/// <summary>One frame of a streamed completion; a choice here holds only what is new.</summary>
internal record CompletionChunk
{
    public required string Id { get; init; }

    public string Object { get; init; } = "text_completion";

    /// <summary>Unix seconds.</summary>
    public required long Created { get; init; }

    public required string Model { get; init; }

    public required IReadOnlyList<CompletionChoice> Choices { get; init; }
}

/// <summary>A whole completion, or a frame of a stream that was asked for usage (null in all frames but the last).</summary>
internal sealed record Completion : CompletionChunk
{
    [JsonPropertyOrder(1)]
    public CompletionUsage? Usage { get; init; }
}

/// <summary>What is said of one sequence. Index is prompt * n + sequence.</summary>
internal sealed record CompletionChoice
{
    public required int Index { get; init; }

    public required string Text { get; init; }

    public CompletionLogprobs? Logprobs { get; init; }

    /// <summary>stop or length; null while it runs.</summary>
    public string? FinishReason { get; init; }

    /// <summary>The stop text, or the id of the end token, that ended it.</summary>
    public object? StopReason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? TokenIds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? PromptTokenIds { get; init; }
}

/// <summary>OpenAI's four parallel lists, one entry for each token.</summary>
internal sealed record CompletionLogprobs
{
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>Natural logs, -9999 for minus infinity; null for the first token of an echoed prompt.</summary>
    public required IReadOnlyList<float?> TokenLogprobs { get; init; }

    /// <summary>The most likely tokens and always the chosen one; null for the first token of an echoed prompt.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, float>?> TopLogprobs { get; init; }

    /// <summary>Where each token starts in the choice's text, in Unicode code points (as Python counts).</summary>
    public required IReadOnlyList<int> TextOffset { get; init; }
}

internal sealed record CompletionUsage(int PromptTokens, int CompletionTokens)
{
    public int TotalTokens => PromptTokens + CompletionTokens;
}
