namespace Kl3m.Inference;

/// <summary>
/// One loaded model that continues text. Implemented by the engine in this process and by a client of a remote server;
/// pages, HTTP API and hub know nothing else of a model. All members may be called from any thread.
/// </summary>
public interface ITextGenerator
{
    ModelInfo Model { get; }

    /// <summary>
    /// Continues a prompt. Events come in this order: one <see cref="GenerationStarted"/>, any number of
    /// <see cref="GenerationQueued"/>, of <see cref="PromptProgress"/>, at most one <see cref="PromptScored"/>, then for each sequence its
    /// <see cref="TokenGenerated"/> events (sequences interleaved) and one <see cref="SequenceFinished"/>, at the end one
    /// <see cref="GenerationFinished"/>. Leaving the enumeration, or cancelling, frees everything within one step.
    /// </summary>
    /// <exception cref="InvalidRequestException">The request breaks a limit; nothing was started.</exception>
    /// <exception cref="EngineBusyException">The queue is full; try again later.</exception>
    /// <exception cref="EngineFailedException">A step failed; events before it stand.</exception>
    IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default);

    /// <summary>Splits a text into tokens; spans are UTF-16 offsets into the text.</summary>
    ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default);

    /// <summary>Joins tokens to text. Ids outside the vocabulary are a caller's mistake.</summary>
    /// <exception cref="InvalidRequestException">An id is outside the vocabulary.</exception>
    ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default);

    /// <summary>What a token is made of. Immediate: pages call it while they draw.</summary>
    VocabularyEntry Describe(int tokenId);
}

/// <summary>A token of a text: its id and the UTF-16 span [Start, End) that it covers.</summary>
public readonly record struct TokenSpan(int TokenId, int Start, int End);

/// <summary>A token of the vocabulary.</summary>
/// <param name="Bytes">UTF-8 bytes; may be part of a character only.</param>
/// <param name="IsSpecial">True for tokens such as &lt;|end|&gt;, which are hidden in decoded text.</param>
public sealed record VocabularyEntry(int TokenId, ReadOnlyMemory<byte> Bytes, bool IsSpecial);
