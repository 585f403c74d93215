using System.Runtime.InteropServices;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Trainer.Tokenization;

/// <summary>The merges of a tokenizer of KL3M's build, whose whole tokens are cut out of a text before it is split into words.</summary>
internal static class TokenizerTrainer
{
    /// <summary>Ids 0 to 6, as KL3M has them.</summary>
    public static readonly string[] Specials = ["<|start|>", "<|end|>", "<|pad|>", "<|unk|>", "<|sep|>", "<|cls|>", "<|mask|>"];

    /// <param name="documents">Texts without special tokens.</param>
    /// <param name="wholeTokens">They come after this vocabulary and are not part of it.</param>
    /// <param name="size">Specials, bytes and merges together.</param>
    /// <exception cref="UsageException">The documents don't hold so many different pairs, or the size leaves no room for the bytes.</exception>
    public static BpeVocabulary Train(IEnumerable<string> documents, IReadOnlyList<string> wholeTokens, int size)
    {
        var least = Specials.Length + 256;
        if (size < least)
        {
            throw new UsageException(
                $"--vocab must be {least + wholeTokens.Count} at least: {least} for special tokens and bytes, {wholeTokens.Count} for whole tokens.");
        }
        var vocabulary = BpeTrainer.Train(CountWords(documents, wholeTokens), Specials, size);
        return vocabulary.Tokens.Count == size
            ? vocabulary
            : throw new UsageException(
                $"This corpus is good for {vocabulary.Tokens.Count + wholeTokens.Count} tokens at most; give a smaller --vocab or more --bytes.");
    }

    public static Dictionary<string, long> CountWords(IEnumerable<string> documents, IReadOnlyList<string> wholeTokens)
    {
        var splitter = Splitter(wholeTokens);
        var words = new Dictionary<string, long>();
        var counts = words.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var document in documents)
        {
            foreach (var piece in splitter.Split(document))
            {
                if (piece.AddedTokenId is null)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, document.AsSpan(piece.Start, piece.Length), out _)++;
                }
            }
        }
        return words;
    }

    public static TextSplitter Splitter(IReadOnlyList<string> wholeTokens) =>
        new([.. wholeTokens.Select((token, i) => new AddedToken(i, token, Normalized: true, Special: false))]);
}
