namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>
/// Counts the n-grams of token ids of a text that grows: how many there are, and how many of them are different. distinct-n (Li et al.,
/// "A diversity-promoting objective function for neural conversation models", 2016) is the share of different ones; repeated are those that came before.
/// </summary>
internal sealed class NgramCount(int n)
{
    private readonly HashSet<string> different = new(StringComparer.Ordinal);
    private int taken;

    public int Total => Math.Max(0, taken - n + 1);

    public int Repeated => Total - different.Count;

    /// <summary>0 to 1; null while the text is shorter than one n-gram.</summary>
    public double? Distinct => Total == 0 ? null : (double)different.Count / Total;

    /// <summary>Takes the tokens that are new since the last time.</summary>
    public void Follow<T>(IReadOnlyList<T> tokens, Func<T, int> idOf)
    {
        var count = tokens.Count;
        Span<int> gram = stackalloc int[n];
        for (; taken < count; taken++)
        {
            if (taken >= n - 1)
            {
                for (var i = 0; i < n; i++)
                {
                    gram[i] = idOf(tokens[taken - n + 1 + i]);
                }
                different.Add(new string(System.Runtime.InteropServices.MemoryMarshal.Cast<int, char>(gram)));
            }
        }
    }
}
