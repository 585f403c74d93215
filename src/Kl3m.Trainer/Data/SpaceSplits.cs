using System.Text;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Trainer.Data;

/// <summary>
/// Now and then a word is read without the space that its token begins with, the space standing before it as a token of its own. The
/// tokenizer never does this inside a text, but it does at the end of a prompt such as "The term ", and a model that has never seen
/// it goes astray there.
/// </summary>
/// <param name="share">Of the words, 0 to 1.</param>
internal sealed class SpaceSplits(Tokenizer tokenizer, double share)
{
    private readonly int[]?[] splits = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(id => Split(tokenizer, id))];

    /// <summary>Fills the window from the source's first tokens; which words are split follows from the seed.</summary>
    public void Copy(ReadOnlySpan<ushort> source, Span<long> window, int seed)
    {
        var random = new Random(seed);
        for (var (read, written) = (0, 0); written < window.Length; read++)
        {
            if (splits[source[read]] is { } split && random.NextDouble() < share)
            {
                foreach (var id in split.AsSpan(0, Math.Min(split.Length, window.Length - written)))
                {
                    window[written++] = id;
                }
            }
            else
            {
                window[written++] = source[read];
            }
        }
    }

    private static int[]? Split(Tokenizer tokenizer, int id)
    {
        var bytes = tokenizer.BytesOf(id).Span;
        return bytes is [(byte)' ', var next, ..] && char.IsAsciiLetter((char)next)
            ? [.. tokenizer.Encode(" "), .. tokenizer.Encode(Encoding.UTF8.GetString(bytes[1..]))]
            : null;
    }
}
