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
    private readonly List<string> _tokens;
    private readonly Dictionary<string, int> _ids;
    private readonly List<Merge> _merges = [];
    private readonly (List<int> Symbols, long Count)[] _words;
    private readonly Dictionary<(int, int), long> _counts = [];
    private readonly Dictionary<(int, int), HashSet<int>> _wordsWith = [];
    private readonly PriorityQueue<(int, int), (long, int, int)> _queue = new();

    private BpeTrainer(IReadOnlyDictionary<string, long> words, IEnumerable<string> reserved)
    {
        var bytes = Enumerable.Range(0, 256).Select(value => ByteAlphabet.CharacterOf((byte)value)).Order();
        _tokens = [.. reserved, .. bytes.Select(character => character.ToString())];
        _ids = _tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id);
        // A dictionary's order is no promise; the result does not depend on it, but the walk over words should repeat too.
        _words = [.. words.OrderBy(word => word.Key, StringComparer.Ordinal).Select(word => (Symbols(word.Key), word.Value))];
        for (var word = 0; word < _words.Length; word++)
        {
            var (symbols, count) = _words[word];
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                Count((symbols[i], symbols[i + 1]), count, word);
            }
        }
        foreach (var pair in _counts.Keys)
        {
            Propose(pair);
        }
    }

    /// <summary>Learns until the vocabulary (reserved tokens, bytes and merges) has that many tokens, or no pair occurs any more.</summary>
    /// <param name="words">Words as text with how often they occur; see <see cref="TextSplitter"/>.</param>
    public static BpeVocabulary Train(IReadOnlyDictionary<string, long> words, IEnumerable<string> reserved, int size)
    {
        var trainer = new BpeTrainer(words, reserved);
        while (trainer._tokens.Count < size && trainer.MergeNext())
        {
        }
        return new(trainer._tokens, trainer._merges);
    }

    private bool MergeNext()
    {
        while (_queue.TryDequeue(out var pair, out var priority))
        {
            var count = _counts[pair];
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
        var text = _tokens[pair.Left] + _tokens[pair.Right];
        if (!_ids.TryGetValue(text, out var merged)) // another merge may have made the same token before
        {
            merged = _tokens.Count;
            _tokens.Add(text);
            _ids.Add(text, merged);
        }
        _merges.Add(new(_tokens[pair.Left], _tokens[pair.Right], count));
        var grown = new HashSet<(int, int)>();
        foreach (var word in _wordsWith[pair])
        {
            var (symbols, times) = _words[word];
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
        _counts[pair] = _counts.GetValueOrDefault(pair) + change;
        if (change > 0)
        {
            if (!_wordsWith.TryGetValue(pair, out var words))
            {
                _wordsWith.Add(pair, words = []);
            }
            words.Add(word);
        }
    }

    private void Propose((int Left, int Right) pair)
    {
        if (_counts[pair] is > 0 and var count)
        {
            _queue.Enqueue(pair, (-count, pair.Left, pair.Right));
        }
    }

    private List<int> Symbols(string word) =>
        [.. ByteAlphabet.Write(Encoding.UTF8.GetBytes(word)).Select(character => _ids[character.ToString()])];
}
