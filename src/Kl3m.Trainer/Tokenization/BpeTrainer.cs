using System.Text;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Trainer.Tokenization;

/// <summary>
/// Learns byte-level BPE merges from counted words as Hugging Face's BpeTrainer does: the most frequent pair first, of equals the one
/// with the smaller ids; token ids are first the reserved ones, then the 256 bytes by the code point of their characters, then merges.
/// (Sennrich, Haddow and Birch 2016, "Neural Machine Translation of Rare Words with Subword Units".)
/// </summary>
internal sealed class BpeTrainer
{
    private readonly List<string> tokens;
    private readonly Dictionary<string, int> ids;
    private readonly List<Merge> merges = [];
    private readonly (List<int> Symbols, long Count)[] words;
    private readonly Dictionary<(int, int), long> counts = [];
    private readonly Dictionary<(int, int), HashSet<int>> wordsWith = [];
    private readonly PriorityQueue<(int, int), (long, int, int)> queue = new();

    private BpeTrainer(IReadOnlyDictionary<string, long> words, IEnumerable<string> reserved)
    {
        var bytes = Enumerable.Range(0, 256).Select(value => ByteAlphabet.CharacterOf((byte)value)).Order();
        tokens = [.. reserved, .. bytes.Select(character => character.ToString())];
        ids = tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id);
        // A dictionary's order is no promise; the result does not depend on it, but the walk over words should repeat too.
        this.words = [.. words.OrderBy(word => word.Key, StringComparer.Ordinal).Select(word => (Symbols(word.Key), word.Value))];
        for (var word = 0; word < this.words.Length; word++)
        {
            var (symbols, count) = this.words[word];
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                Count((symbols[i], symbols[i + 1]), count, word);
            }
        }
        foreach (var pair in counts.Keys)
        {
            Propose(pair);
        }
    }

    /// <summary>Learns until the vocabulary (reserved tokens, bytes and merges) has that many tokens, or no pair occurs any more.</summary>
    /// <param name="words">Words as text with how often they occur; see <see cref="TextSplitter"/>.</param>
    public static BpeVocabulary Train(IReadOnlyDictionary<string, long> words, IEnumerable<string> reserved, int size)
    {
        var trainer = new BpeTrainer(words, reserved);
        while (trainer.tokens.Count < size && trainer.MergeNext())
        {
        }
        return new(trainer.tokens, trainer.merges);
    }

    private bool MergeNext()
    {
        while (queue.TryDequeue(out var pair, out var priority))
        {
            var count = counts[pair];
            if (count != -priority.Item1)
            {
                Propose(pair);
                continue;
            }
            if (count < 1)
            {
                return false;
            }
            Apply(pair, count);
            return true;
        }
        return false;
    }

    private void Apply((int Left, int Right) pair, long count)
    {
        var text = tokens[pair.Left] + tokens[pair.Right];
        if (!ids.TryGetValue(text, out var merged)) // another merge may have made the same token before
        {
            merged = tokens.Count;
            tokens.Add(text);
            ids.Add(text, merged);
        }
        merges.Add(new(tokens[pair.Left], tokens[pair.Right], count));
        var grown = new HashSet<(int, int)>();
        foreach (var word in wordsWith[pair])
        {
            var (symbols, times) = words[word];
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                if (symbols[i] != pair.Left || symbols[i + 1] != pair.Right)
                {
                    continue;
                }
                if (i > 0)
                {
                    Count((symbols[i - 1], pair.Left), -times, word);
                    Count((symbols[i - 1], merged), times, word);
                    grown.Add((symbols[i - 1], merged));
                }
                symbols[i] = merged;
                symbols.RemoveAt(i + 1);
                if (i + 1 < symbols.Count)
                {
                    Count((pair.Right, symbols[i + 1]), -times, word);
                    Count((merged, symbols[i + 1]), times, word);
                    grown.Add((merged, symbols[i + 1]));
                }
            }
        }
        foreach (var one in grown)
        {
            Propose(one);
        }
    }

    private void Count((int, int) pair, long change, int word)
    {
        counts[pair] = counts.GetValueOrDefault(pair) + change;
        if (change > 0)
        {
            if (!wordsWith.TryGetValue(pair, out var words))
            {
                wordsWith.Add(pair, words = []);
            }
            words.Add(word);
        }
    }

    private void Propose((int Left, int Right) pair)
    {
        if (counts[pair] is > 0 and var count)
        {
            queue.Enqueue(pair, (-count, pair.Left, pair.Right));
        }
    }

    private List<int> Symbols(string word) =>
        [.. ByteAlphabet.Write(Encoding.UTF8.GetBytes(word)).Select(character => ids[character.ToString()])];
}
