using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Engine;

/// <summary>A tokenizer for whoever may ask anything: what is too long or outside the vocabulary is the caller's mistake. See <see cref="ITextGenerator"/>.</summary>
internal sealed class CheckedTokenizer(Tokenizer tokenizer, ModelInfo model, EngineOptions options)
{
    public RequestLimits Limits { get; } = new(tokenizer, model, options);

    public async ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken)
    {
        Limits.CheckText("Text", text);
        return await Task.Run(() => tokenizer.EncodeSpans(text), cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens)
    {
        Limits.CheckTokenIds("TokenIds", tokenIds);
        return ValueTask.FromResult(tokenizer.Decode([.. tokenIds], skipSpecialTokens));
    }

    public VocabularyEntry Describe(int tokenId)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokenId);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(tokenId, model.VocabularySize);
        return new(tokenId, tokenizer.BytesOf(tokenId), tokenizer.IsSpecial(tokenId));
    }
}
