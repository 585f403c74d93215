using Kl3m.Inference;

namespace Kl3m.Playground.Classroom;

/// <summary>A person's words as the tokenizer would go on with them.</summary>
internal static class Guess
{
    /// <summary>
    /// The first token of a text behind a place. A space that the place already ends in is not asked for again, and one that it lacks may be
    /// typed or left out: both are tried against the tokenizer's own cuts.
    /// </summary>
    /// <returns>Null for a text without a token.</returns>
    public static async Task<int?> FirstTokenAsync(ITextGenerator generator, TextPlace place, string typed)
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
        var tail = place.Text.Length > Tail ? place.Text[^Tail..].TrimStart() : place.Text;
        var spans = await generator.TokenizeAsync(tail + text);
        var next = spans.FirstOrDefault(span => span.Start >= tail.Length);
        // A token that would reach over the border can't come here: the text before it is cut already.
        return next.Start == tail.Length && next.End > next.Start
            ? next.TokenId
            : (await generator.TokenizeAsync(text)).Select(span => (int?)span.TokenId).FirstOrDefault();
    }

    // Merges look no further than a word; the tokenizer need not read a whole contract for each vote.
    private const int Tail = 400;
}
