namespace Kl3m.Inference;

/// <summary>What is known of a loaded model; shown in the page and in <c>/v1/models</c>.</summary>
public sealed record ModelInfo
{
    /// <summary>Name as clients use it, such as <c>kl3m-003-1.7b</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Most tokens that prompt and completion may have together.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Entries of the vocabulary = width of a row of logits.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Ids that end a sequence unless the request ignores them: the model's own eos ids, else the tokenizer's &lt;|end|&gt;.</summary>
    public required IReadOnlyList<int> EndTokenIds { get; init; }

    public required long ParameterCount { get; init; }

    /// <summary>Number format of the weights in memory: <c>fp32</c> or <c>bf16</c>.</summary>
    public required string Dtype { get; init; }

    /// <summary><c>cpu</c>, <c>cuda:0</c>, or the host of a remote server.</summary>
    public required string Device { get; init; }

    /// <summary>
    /// How many of the likeliest tokens are known at a position, for a model that runs elsewhere: no logits, no entropy, no dart, and only some
    /// final probabilities. Null when the whole vocabulary is at hand.
    /// </summary>
    public int? TopOnly { get; init; }

    /// <summary>The model's card (Markdown with YAML front matter), if its folder has a README.md.</summary>
    public string? Card { get; init; }

    /// <summary>SHA-256 of the files that make the model (config.json, tokenizer.json, weights), hexadecimal, by name; empty where they are not known.</summary>
    public IReadOnlyDictionary<string, string> FileHashes { get; init; } = new Dictionary<string, string>();

    /// <summary>When the model was loaded.</summary>
    public DateTimeOffset LoadedAt { get; init; }
}
