namespace Kl3m.Trainer.Data;

/// <summary>
/// The windows that training reads, in an order that follows from the seed and the place alone: a run that resumes needs no more than
/// its step. Each epoch every kind is cut into windows (at another place than the epoch before), each kind is taken as often as its
/// weight says, and all windows are shuffled together.
/// </summary>
/// <param name="length">Tokens of a window; each also needs the one after it, the last target.</param>
internal sealed class WindowOrder(IReadOnlyList<(ushort[] Tokens, double Weight)> kinds, int length, int seed, SpaceSplits splits)
{
    private (int Kind, int Start)[] windows = [];
    private int epoch = -1;
    private long first;

    /// <summary>Tokens that one epoch reads.</summary>
    public long EpochTokens => (long)Windows(0).Length * length;

    /// <summary>Copies a window's tokens and the one after it; places must not go back.</summary>
    public void Copy(long place, Span<long> tokens)
    {
        while (place >= first + windows.Length)
        {
            first += windows.Length;
            windows = Windows(++epoch);
        }
        var (kind, start) = windows[place - first];
        splits.Copy(kinds[kind].Tokens.AsSpan(start, length + 1), tokens, unchecked(seed * 7919 + (int)place));
    }

    private (int Kind, int Start)[] Windows(int epoch)
    {
        var random = new Random(unchecked(seed * 1_000_003 + epoch));
        var windows = new List<(int, int)>();
        for (var kind = 0; kind < kinds.Count; kind++)
        {
            var (tokens, weight) = kinds[kind];
            for (; weight > 0; weight--)
            {
                var starts = new List<int>();
                for (var start = random.Next(length); start + length < tokens.Length; start += length)
                {
                    starts.Add(start);
                }
                var taken = starts.ToArray();
                random.Shuffle(taken);
                windows.AddRange(taken.Take((int)Math.Ceiling(taken.Length * Math.Min(1, weight))).Select(start => (kind, start)));
            }
        }
        var order = windows.ToArray();
        random.Shuffle(order);
        return order.Length > 0 ? order : throw new UsageException($"The corpus is shorter than one window of {length} tokens.");
    }
}
