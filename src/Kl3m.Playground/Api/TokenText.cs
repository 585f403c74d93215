using System.Text;
using System.Text.Unicode;
using Kl3m.Inference;

namespace Kl3m.Playground.Api;

/// <summary>Tokens as the wire writes them.</summary>
internal static class TokenText
{
    /// <summary>The token's text, or "bytes:\xc3" where its bytes are no whole character, as OpenAI writes it: so that names stay apart.</summary>
    public static string Name(this VocabularyEntry entry)
    {
        if (Utf8.IsValid(entry.Bytes.Span))
        {
            return Encoding.UTF8.GetString(entry.Bytes.Span);
        }
        var name = new StringBuilder("bytes:");
        foreach (var b in entry.Bytes.Span)
        {
            name.Append(b is >= 0x20 and < 0x7f ? $"{(char)b}" : $"\\x{b:x2}");
        }
        return name.ToString();
    }

    /// <summary>Length in code points: what text_offset counts in, since most clients of this API are written in Python.</summary>
    public static int CodePoints(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var unit in text)
        {
            count += char.IsLowSurrogate(unit) ? 0 : 1;
        }
        return count;
    }
}
