using System.Text;

namespace Kl3m.Inference.Tokenization;

/// <summary>
/// The printable characters that byte-level vocabularies write bytes with: printable Latin-1 bytes stand for themselves, the other 68
/// are numbered from U+0100 in order (bytes_to_unicode in GPT-2's encoder.py). A space is Ġ, a line feed Ċ.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes();

    public static char CharacterOf(byte value) => Characters[value];

    public static string Write(ReadOnlySpan<byte> bytes)
    {
        Span<char> characters = bytes.Length <= 256 ? stackalloc char[bytes.Length] : new char[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            characters[i] = Characters[bytes[i]];
        }
        return new string(characters);
    }

    /// <summary>True when every character stands for a byte.</summary>
    public static bool Covers(ReadOnlySpan<char> token)
    {
        foreach (var character in token)
        {
            if (character >= Bytes.Length || Bytes[character] < 0)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>
    /// The bytes of a token; one with any character outside the alphabet is meant literally, all of it, as Hugging Face's decoder has it.
    /// </summary>
    public static byte[] Read(string token)
    {
        if (!Covers(token))
        {
            return Encoding.UTF8.GetBytes(token);
        }
        var bytes = new byte[token.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)Bytes[token[i]];
        }
        return bytes;
    }

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        var unprintable = 0;
        for (var value = 0; value < 256; value++)
        {
            var printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = printable ? (char)value : (char)(256 + unprintable++);
        }
        return characters;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[Characters.Max() + 1];
        Array.Fill<short>(bytes, -1);
        for (var value = 0; value < 256; value++)
        {
            bytes[Characters[value]] = (short)value;
        }
        return bytes;
    }
}
