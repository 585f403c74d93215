using System.Text;

namespace Kl3m.Inference.Tokenization;

/// <summary>
/// Text of tokens as they come, one sequence per instance. Never half a character: bytes that may still become one are held back until
/// the token that completes it. All parts joined are exactly <see cref="Tokenizer.Decode"/> of all ids. Not thread-safe.
/// </summary>
public sealed class IncrementalDetokenizer(Tokenizer tokenizer, bool skipSpecialTokens = true)
{
    private readonly Decoder decoder = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetDecoder();

    /// <summary>Whether bytes are held back that later ones may complete.</summary>
    public bool IsInsideCharacter => decoder.GetCharCount([], flush: true) > 0; // counting leaves the decoder as it is

    /// <summary>The text that this token completes; empty while a character is incomplete, and for special tokens when they are skipped.</summary>
    public string Append(int id) =>
        skipSpecialTokens && tokenizer.IsSpecial(id) ? "" : Next(tokenizer.BytesOf(id).Span, flush: false);

    /// <summary>What is left at the end: U+FFFD if a character stayed incomplete. The instance may be used for another sequence then.</summary>
    public string Flush() => Next([], flush: true);

    private string Next(ReadOnlySpan<byte> bytes, bool flush)
    {
        Span<char> text = bytes.Length <= 250 ? stackalloc char[256] : new char[bytes.Length + 6];
        return new(text[..decoder.GetChars(bytes, text, flush)]);
    }
}
