using Kl3m.Inference;

namespace Kl3m.Playground.Classroom;

/// <summary>A person's words as the tokenizer would go on with them.</summary>
internal static class Guess
{
    /// <summary>
    /// The first token of a text behind a place. A space that the place already ends in is not asked for again, and one that it lacks may be
    /// typed or left out: both are tried against the tokenizer's own cuts, and what the model expects more is meant ("New" behind "State of" is
    /// the next word, "ing" behind "accord" is not).
    /// </summary>
    /// <param name="row">What the model expects there; null where it is not known: words are taken as they were typed.</param>
    /// <returns>Null for a text without a token.</returns>
    public static async Task<int?> FirstTokenAsync(ITextGenerator generator, TextPlace place, string typed, NextToken? row = null)
    {
        var text = typed.TrimEnd();
        if (place.Text.Length == 0 || char.IsWhiteSpace(place.Text[^1]))
        {
            text = text.TrimStart();
        }
        if (text.Length == 0)
        {
            return typed.Length > 0 ? (await generator.TokenizeAsync(typed[..1])).Select(span => (int?)span.TokenId).FirstOrDefault() : null;
        }
        var bare = (await NextAsync(generator, place, text))?.TokenId ?? (await generator.TokenizeAsync(text)).Select(span => (int?)span.TokenId).FirstOrDefault();
        if (row is null || bare is not { } token || place.Text.Length == 0 || char.IsWhiteSpace(place.Text[^1]) || !char.IsLetterOrDigit(text[0]))
        {
            return bare;
        }
        // A space that is a token of its own is no word: whoever types one letter means the letter.
        if (await NextAsync(generator, place, " " + text) is not { } spaced || spaced.End - spaced.Start <= 1)
        {
            return token;
        }
        var (apart, joined) = (Rank(spaced.TokenId), Rank(token));
        // Where a server tells neither, the next word is meant if the model expects one.
        return apart < joined || (apart == joined && generator.Describe(row.TokenIds[0]).Bytes.Span.StartsWith(" "u8)) ? spaced.TokenId : token;

        int Rank(int id) => row.Find(id).Rank is > 0 and var rank ? rank : int.MaxValue;
    }

    // Null where a token would reach over the border: that can't come here, the text before it is cut already.
    private static async Task<TokenSpan?> NextAsync(ITextGenerator generator, TextPlace place, string text)
    {
        var tail = place.Text.Length > Tail ? place.Text[^Tail..].TrimStart() : place.Text;
        var spans = await generator.TokenizeAsync(tail + text);
        var next = spans.FirstOrDefault(span => span.Start >= tail.Length);
        return next.Start == tail.Length && next.End > next.Start ? next : null;
    }

    // Merges look no further than a word; the tokenizer need not read a whole contract for each vote.
    private const int Tail = 400;
}
