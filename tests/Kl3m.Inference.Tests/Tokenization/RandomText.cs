using System.Text;

namespace Kl3m.Inference.Tests.Tokenization;

/// <summary>Texts that are hard on tokenizers: scripts, marks, spaces of all kinds, whole tokens and pieces of them, lone surrogates. The same for each seed.</summary>
internal static class RandomText
{
    private static readonly string[] Parts =
    [
        "hello", " world", "the ", "'s", "'ll", "' ", "It's", "(a)", "(a", " (a)(1)", "\n", "\n\n", "\n\n\n", " ", "  ", "     ", "\t", "\r\n", "\u00a0", "\u3000", "\u2028",
        "é", "e\u0301", "ß", "Ωμέγα", "法律", "ไทย", "🤝", "👩‍⚖️", "𣙲", "𝟛", "١٢", "½", "³", "§", "§§ ", "—", "“", "<|end|>", "<|end", "|>", "end|", "<|start|><|end|>",
        "1776", "641", "3.14", "null", "<div", "_x_", "...", "\0", "\u007f", "\ufeff", "\ufffd", "\ufffe",
    ];

    public static string Make(int seed, int parts, bool loneSurrogates = false)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (var i = 0; i < parts; i++)
        {
            if (loneSurrogates && random.Next(8) == 0)
            {
                text.Append((char)random.Next(0xD800, 0xE000));
            }
            text.Append(random.Next(6) == 0 ? RandomRune(random).ToString() : Parts[random.Next(Parts.Length)]);
        }
        return text.ToString();
    }

    private static Rune RandomRune(Random random)
    {
        while (true)
        {
            if (Rune.TryCreate(random.Next(0x110000), out var rune))
            {
                return rune;
            }
        }
    }
}
