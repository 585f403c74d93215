using System.Text;

namespace Kl3m.Inference.Tokenization;

/// <summary>
/// The merges of byte-pair encoding for one piece of text of any length: the pair with the lowest rank first, the leftmost of equals.
/// A heap of candidate pairs makes it O(n log n).
/// </summary>
internal sealed class BpeMerges
{
    private readonly int[] byteIds = new int[256];
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> merges;

    public BpeMerges(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges)
    {
        for (var value = 0; value < 256; value++)
        {
            byteIds[value] = vocabulary[ByteAlphabet.CharacterOf((byte)value).ToString()];
        }
        this.merges = new(merges.Count);
        foreach (var (left, right) in merges)
        {
            this.merges.Add((vocabulary[left], vocabulary[right]), (this.merges.Count, vocabulary[left + right]));
        }
    }

    /// <summary>Appends the ids of one piece.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        // A list of symbols linked by place; a symbol that was merged into its left neighbour has id -1.
        var bytes = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, bytes);
        var symbols = Array.ConvertAll(bytes, value => byteIds[value]);
        var previous = new int[symbols.Length];
        var next = new int[symbols.Length];
        for (var i = 0; i < symbols.Length; i++)
        {
            previous[i] = i - 1;
            next[i] = i + 1;
        }
        var candidates = new PriorityQueue<int, long>(symbols.Length); // by rank, then place
        for (var i = 0; i + 1 < symbols.Length; i++)
        {
            Propose(i);
        }
        while (candidates.TryDequeue(out var place, out var candidate))
        {
            // The pair may have changed since it was proposed.
            if (MergeAt(place) is not { } merge || merge.Rank != candidate >> 32)
            {
                continue;
            }
            var gone = next[place];
            symbols[place] = merge.Id;
            symbols[gone] = -1;
            next[place] = next[gone];
            if (next[gone] < symbols.Length)
            {
                previous[next[gone]] = place;
            }
            Propose(place);
            Propose(previous[place]);
        }
        for (var i = 0; i < symbols.Length; i = next[i])
        {
            ids.Add(symbols[i]);
        }

        (int Rank, int Id)? MergeAt(int place) =>
            place >= 0 && symbols[place] >= 0 && next[place] < symbols.Length
            && merges.TryGetValue((symbols[place], symbols[next[place]]), out var merge)
                ? merge
                : null;

        void Propose(int place)
        {
            if (MergeAt(place) is { } merge)
            {
                candidates.Enqueue(place, ((long)merge.Rank << 32) | (uint)place);
            }
        }
    }
}
