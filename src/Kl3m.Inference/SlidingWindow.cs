namespace Kl3m.Inference;

/// <summary>
/// A stretch [Begin, End) of a long sequence that a model reads at once. Only what no window before it held is counted in it, so that every
/// token counts once and, behind the first window, has at least context - stride tokens before it (the perplexity page of transformers' documentation).
/// </summary>
/// <param name="Fresh">How many of its last tokens no window before it held.</param>
public readonly record struct SlidingWindow(int Begin, int End, int Fresh)
{
    /// <summary>The first token that is counted: a window's very first one has nothing before it.</summary>
    public int FirstScored => Math.Max(End - Fresh, Begin + 1);

    public int Scored => End - FirstScored;

    /// <summary>The windows of a sequence of <paramref name="length"/> tokens, in order.</summary>
    /// <param name="context">Tokens of a window at most.</param>
    /// <param name="stride">From one window's begin to the next; below <paramref name="context"/>, or later windows' first tokens count nowhere.</param>
    public static IEnumerable<SlidingWindow> Over(int length, int context, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(context, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stride, context);
        for (var (begin, read) = (0, 0); read < length; begin += stride)
        {
            var end = Math.Min(begin + context, length);
            yield return new(begin, end, end - read);
            read = end;
        }
    }
}
