using System.Buffers;
using System.Globalization;
using System.Text;

namespace Kl3m.Inference.Tokenization;

/// <summary>
/// GPT-2's word pattern over code points,
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>, by hand: .NET's regular expressions see UTF-16
/// and take the halves of a character outside the basic plane for neither letter nor number.
/// </summary>
internal static class Gpt2Pattern
{
    private enum Kind : byte
    {
        Other,
        Letter,
        Number,
        Space,
    }

    private static readonly Kind[] Ascii = [.. Enumerable.Range(0, 128).Select(value => KindOf(new Rune(value)))];

    /// <summary>Length in UTF-16 units of the first word of a well-formed text that is not empty; words cover the text without gaps.</summary>
    public static int FirstWord(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'' && Contraction(text[1..]) is > 0 and var contraction)
        {
            return 1 + contraction;
        }
        var lead = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        var kind = KindAt(text[lead..], out _);
        if (kind != Kind.Space)
        {
            return lead + Run(text[lead..], kind);
        }
        // The last space of a run belongs to the word behind it; every white-space character is one UTF-16 unit.
        var spaces = Run(text, Kind.Space);
        return spaces == 1 || spaces == text.Length ? spaces : spaces - 1;
    }

    private static int Contraction(ReadOnlySpan<char> text) => text switch
    {
        ['s' or 't' or 'm' or 'd', ..] => 1,
        ['r' or 'v', 'e', ..] or ['l', 'l', ..] => 2,
        _ => 0,
    };

    private static int Run(ReadOnlySpan<char> text, Kind kind)
    {
        var end = 0;
        while (end < text.Length && KindAt(text[end..], out var length) == kind)
        {
            end += length;
        }
        return end;
    }

    private static Kind KindAt(ReadOnlySpan<char> text, out int length)
    {
        length = 1;
        if (text[0] < Ascii.Length)
        {
            return Ascii[text[0]];
        }
        return Rune.DecodeFromUtf16(text, out var rune, out length) == OperationStatus.Done ? KindOf(rune) : Kind.Other;
    }

    private static Kind KindOf(Rune rune) => Rune.IsWhiteSpace(rune)
        ? Kind.Space
        : Rune.GetUnicodeCategory(rune) switch
        {
            >= UnicodeCategory.UppercaseLetter and <= UnicodeCategory.OtherLetter => Kind.Letter,
            >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
}
