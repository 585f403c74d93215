using System.Text;
using Kl3m.Inference;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>
/// llama.cpp's server tells nothing of a token that ends inside a character: neither id nor number. The next token's text begins with its bytes,
/// and so says which it was.
/// </summary>
internal sealed class UntoldTokens(Tokenizer tokenizer)
{
    private Dictionary<string, int>? broken;

    /// <param name="text">What the server says is new since the last token that it told of.</param>
    /// <param name="told">The token that it tells of, which is the last part of the text.</param>
    /// <exception cref="EngineFailedException">No tokens have these bytes: a character was never completed, and the server wrote another one for it.</exception>
    public IReadOnlyList<int> Before(string text, int told)
    {
        var bytes = Encoding.UTF8.GetBytes(text).AsSpan();
        var own = tokenizer.BytesOf(told).Span;
        if (bytes.IsEmpty || bytes.Length == own.Length)
        {
            return [];
        }
        // A special token has no text there.
        var rest = bytes.EndsWith(own) ? bytes[..^own.Length] : tokenizer.IsSpecial(told) ? bytes : default;
        if (rest.IndexOf("\uFFFD"u8) >= 0)
        {
            throw NotTold(); // put there by the server for bytes that are no character
        }
        var missing = new List<int>();
        while (!rest.IsEmpty)
        {
            var (id, length) = Longest(rest);
            missing.Add(id);
            rest = rest[length..];
        }
        return missing.Count > 0 || bytes.Length < own.Length ? missing : throw NotTold();
    }

    /// <summary>The longest that fits: so a tokenizer that merges writes it. Other cuts have the same text.</summary>
    private (int Id, int Length) Longest(ReadOnlySpan<byte> bytes)
    {
        broken ??= Broken();
        for (var length = bytes.Length; length > 0; length--)
        {
            if (broken.TryGetValue(Convert.ToHexString(bytes[..length]), out var id))
            {
                return (id, length);
            }
        }
        throw NotTold();
    }

    /// <summary>Tokens that end inside a character, by their bytes.</summary>
    private Dictionary<string, int> Broken()
    {
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var id = 0; id < tokenizer.VocabularySize; id++)
        {
            var bytes = tokenizer.BytesOf(id).Span;
            if (!bytes.IsEmpty && !tokenizer.IsSpecial(id) && !System.Text.Unicode.Utf8.IsValid(bytes))
            {
                found.TryAdd(Convert.ToHexString(bytes), id);
            }
        }
        return found;
    }

    private static EngineFailedException NotTold() =>
        new("The remote server (llama.cpp) wrote a token that it does not tell: half a character that was never completed. Try another seed or a lower temperature.");
}
