namespace Kl3m.Inference.Sampling;

/// <summary>Sorts keys ascending: few by comparing, many byte by byte (least significant first).</summary>
internal static class KeySort
{
    private const int Few = 256;

    /// <param name="keys">High half: the order; low half: ids, ascending already, so that a stable sort need not look at them.</param>
    /// <param name="spare">As long as the keys, or longer; overwritten.</param>
    public static void Sort(Span<ulong> keys, Span<ulong> spare)
    {
        if (keys.Length <= Few)
        {
            keys.Sort();
            return;
        }
        Span<int> starts = stackalloc int[256];
        var source = keys;
        var target = spare[..keys.Length];
        for (var shift = 32; shift < 64; shift += 8)
        {
            starts.Clear();
            foreach (var key in source)
            {
                starts[(int)(key >> shift) & 255]++;
            }
            var start = 0;
            foreach (ref var count in starts)
            {
                (count, start) = (start, start + count);
            }
            foreach (var key in source)
            {
                target[starts[(int)(key >> shift) & 255]++] = key;
            }
            var next = source;
            source = target;
            target = next;
        }
    }
}
