using System.Text;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Components.Pages.Tokens;

/// <summary>A text as one model's tokenizer splits it.</summary>
internal sealed class SplitText
{
    public SplitText(string text, IReadOnlyList<TokenSpan> spans, ITextGenerator generator)
    {
        (Text, Generator) = (text, generator);
        Bytes = Encoding.UTF8.GetByteCount(text);
        Characters = Count(text);
        Words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        var (tokens, at, counted, bytes) = (new SplitToken[spans.Count], 0, 0, 0);
        // Walked once: offsets in characters and bytes come from the one in UTF-16 units.
        for (var i = 0; i < spans.Count; i++)
        {
            var span = spans[i];
            while (at < span.Start)
            {
                var rune = Rune.GetRuneAt(text, at);
                at += rune.Utf16SequenceLength;
                counted++;
            }
            var entry = DrawnToken.Describe(generator, span.TokenId);
            var length = Count(text.AsSpan(span.Start, span.End - span.Start));
            tokens[i] = new(i, entry, counted, counted + length, bytes, bytes + entry.Bytes.Length, span.Start, span.End);
            bytes += entry.Bytes.Length;
        }
        Tokens = tokens;
    }

    public string Text { get; }

    public ITextGenerator Generator { get; }

    public IReadOnlyList<SplitToken> Tokens { get; }

    /// <summary>UTF-8.</summary>
    public int Bytes { get; }

    /// <summary>Code points.</summary>
    public int Characters { get; }

    /// <summary>Stretches between white space.</summary>
    public int Words { get; }

    /// <summary>Whether another tokenizer has the same tokens at the same places.</summary>
    public bool IsSplitLike(SplitText other) =>
        Tokens.Count == other.Tokens.Count && Tokens.Zip(other.Tokens).All(pair => pair.First.Start == pair.Second.Start && pair.First.Entry.Bytes.Span.SequenceEqual(pair.Second.Entry.Bytes.Span));

    /// <summary>The places (first byte, end) of all tokens, to see which of another's are its own.</summary>
    public IReadOnlySet<(int, int)> Places => places ??= [.. Tokens.Select(token => (token.FirstByte, token.EndByte))];
    private HashSet<(int, int)>? places;

    private static int Count(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
        {
            count++;
        }
        return count;
    }
}

/// <summary>A token and where it stands; ends are behind the last. Tokens that are part of one character span all of that character.</summary>
/// <param name="Index">From 0.</param>
/// <param name="First">Code points.</param>
/// <param name="Start">UTF-16 units.</param>
internal sealed record SplitToken(int Index, VocabularyEntry Entry, int First, int EndCharacter, int FirstByte, int EndByte, int Start, int EndUnit)
{
    /// <summary>Only part of a character, or parts of several.</summary>
    public bool IsPartial => EndCharacter - First > 0 && !Entry.IsSpecial && !System.Text.Unicode.Utf8.IsValid(Entry.Bytes.Span);
}
