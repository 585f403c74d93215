namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>What became of a stretch of text.</summary>
internal enum Change
{
    Same,
    Removed,
    Added,
}

/// <summary>
/// Two texts word by word: the fewest words removed and added that make one of the other (longest common subsequence). A word is what white
/// space parts, with the white space behind it.
/// </summary>
internal static class WordDiff
{
    /// <summary>Longer texts would cost more than they tell: the rest is compared as one word.</summary>
    public const int MostWords = 1500;

    public static IReadOnlyList<(Change Change, string Text)> Compare(string from, string to)
    {
        var (old, now) = (Words(from), Words(to));
        var start = 0;
        while (start < old.Count && start < now.Count && old[start].AsSpan().TrimEnd().SequenceEqual(now[start].AsSpan().TrimEnd()))
        {
            start++;
        }
        var (rows, columns) = (old.Count - start, now.Count - start);
        // common[i, j]: words that old from i and now from j have in common, in order.
        var common = new short[rows + 1, columns + 1];
        for (var i = rows - 1; i >= 0; i--)
        {
            for (var j = columns - 1; j >= 0; j--)
            {
                common[i, j] = IsSame(i, j) ? (short)(common[i + 1, j + 1] + 1) : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }
        var stretches = new List<(Change, string)>();
        void Add(Change change, string word)
        {
            if (stretches is [.., var (last, text)] && last == change)
            {
                stretches[^1] = (change, text + word);
            }
            else
            {
                stretches.Add((change, word));
            }
        }
        foreach (var word in now.Take(start))
        {
            Add(Change.Same, word);
        }
        for (var (i, j) = (0, 0); i < rows || j < columns;)
        {
            if (i < rows && j < columns && IsSame(i, j))
            {
                Add(Change.Same, now[start + j]);
                (i, j) = (i + 1, j + 1);
            }
            else if (j == columns || (i < rows && common[i + 1, j] >= common[i, j + 1]))
            {
                Add(Change.Removed, old[start + i++]);
            }
            else
            {
                Add(Change.Added, now[start + j++]);
            }
        }
        return stretches;

        bool IsSame(int i, int j) => old[start + i].AsSpan().TrimEnd().SequenceEqual(now[start + j].AsSpan().TrimEnd());
    }

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var end = words.Count == MostWords - 1 ? text.Length : start;
            while (end < text.Length && !char.IsWhiteSpace(text[end]))
            {
                end++;
            }
            while (end < text.Length && char.IsWhiteSpace(text[end]))
            {
                end++;
            }
            words.Add(text[start..end]);
            start = end;
        }
        return words;
    }
}
