namespace Kl3m.Inference.Tokenization;

/// <summary>
/// Splits a text as Hugging Face does before merging: at added tokens (those that are not "normalized" in the whole text, the others in
/// what is left), and between them into GPT-2's words. The pieces cover the text without gaps.
/// </summary>
internal sealed class TextSplitter(IReadOnlyCollection<AddedToken> tokens)
{
    private readonly AddedTokenTrie outerTrie = new(tokens.Where(token => !token.Normalized));
    private readonly AddedTokenTrie innerTrie = new(tokens.Where(token => token.Normalized));

    /// <param name="text">Well-formed UTF-16.</param>
    public IEnumerable<Piece> Split(string text)
    {
        foreach (var outer in outerTrie.Split(text, new(0, text.Length)))
        {
            if (outer.AddedTokenId is not null)
            {
                yield return outer;
                continue;
            }
            foreach (var inner in innerTrie.Split(text, outer))
            {
                if (inner.AddedTokenId is not null)
                {
                    yield return inner;
                    continue;
                }
                for (var start = inner.Start; start < inner.End;)
                {
                    var length = Gpt2Pattern.FirstWord(text.AsSpan(start, inner.End - start));
                    yield return new(start, length);
                    start += length;
                }
            }
        }
    }
}
