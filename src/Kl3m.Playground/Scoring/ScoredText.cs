using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Scoring;

/// <summary>A text and what one model made of each of its tokens.</summary>
public sealed record ScoredText
{
    public required string Text { get; init; }

    public required ModelInfo Model { get; init; }

    public required ScoringRecipe Recipe { get; init; }

    public required IReadOnlyList<ScoredToken> Tokens { get; init; }

    public required IReadOnlyList<ScoredWindow> Windows { get; init; }

    public required TimeSpan Elapsed { get; init; }

    /// <summary>The whole text's UTF-8 bytes.</summary>
    public long Bytes => bytes ??= Tokens.Sum(token => (long)token.Bytes);
    private long? bytes;

    /// <summary>Surprisals' sum, counts by bin and by band of rank, over the tokens that have a score.</summary>
    public Surprise Surprise => surprise ??= Measure(Tokens);
    private Surprise? surprise;

    /// <summary>Tokens in each of the five bins of their share of the favourite's.</summary>
    public IReadOnlyList<int> ByRelative => byRelative ??= CountRelative(Tokens);
    private int[]? byRelative;

    /// <summary>1 to 5: the bin that a token would have if the favourite had had all of the share.</summary>
    public static int RelativeBin(TokenScore score) => Surprise.Bin(score.Alternatives is [var favourite, ..] ? score.RawLogprob - favourite.RawLogprob : score.RawLogprob);

    /// <summary>Surprisals' sum in bits over the UTF-8 bytes of the tokens that have a score; null without any.</summary>
    public double? BitsPerByte => ScoredBytes > 0 ? Surprise.Nats / Math.Log(2) / ScoredBytes : null;

    /// <summary>Bytes of the tokens that have a score.</summary>
    public long ScoredBytes => scoredBytes ??= Tokens.Where(token => token.Score is not null).Sum(token => (long)token.Bytes);
    private long? scoredBytes;

    /// <summary>exp of the mean natural surprisal, by one of the three ways in which perplexity over windows is computed; null without scores.</summary>
    public double? Perplexity(PerplexityRecipe recipe) => recipe switch
    {
        _ when Surprise.Tokens == 0 => null,
        PerplexityRecipe.EachTokenOnce => Surprise.Perplexity,
        PerplexityRecipe.MeanOfWindows => Math.Exp(Windows.Where(window => window.Scored > 0).Average(window => window.Nats / window.Scored)),
        PerplexityRecipe.WeightedWindows => Weighted(),
        _ => throw new ArgumentOutOfRangeException(nameof(recipe)),
    };

    /// <summary>The tokens of the highest surprisal, first the highest.</summary>
    public IReadOnlyList<int> MostSurprising(int count) =>
        [.. Enumerable.Range(0, Tokens.Count).Where(i => Tokens[i].Score is not null).OrderByDescending(i => Tokens[i].Score!.Surprisal).ThenBy(i => i).Take(count)];

    private static Surprise Measure(IReadOnlyList<ScoredToken> tokens)
    {
        var (count, nats, bins, bands) = (0, 0.0, new int[Surprise.Bins], new int[Surprise.Bins]);
        foreach (var score in tokens.Select(token => token.Score).OfType<TokenScore>())
        {
            count++;
            nats -= score.RawLogprob;
            bins[Surprise.Bin(score.RawLogprob) - 1]++;
            bands[Surprise.Band(score.Rank) - 1]++;
        }
        return new(count, nats, bins, bands);
    }

    private static int[] CountRelative(IReadOnlyList<ScoredToken> tokens)
    {
        var counts = new int[Surprise.Bins];
        foreach (var score in tokens.Select(token => token.Score).OfType<TokenScore>())
        {
            counts[RelativeBin(score) - 1]++;
        }
        return counts;
    }

    // That recipe takes one label off every window, though only the first loses one.
    private double? Weighted()
    {
        var labels = Windows.Sum(window => window.Fresh - 1);
        return labels == 0 ? null : Math.Exp(Windows.Where(window => window.Scored > 0).Sum(window => window.Nats / window.Scored * (window.Fresh - 1)) / labels);
    }
}

/// <param name="Fresh">Tokens that no window before it held.</param>
/// <param name="Scored">Those of them that had something before them.</param>
/// <param name="Nats">Their surprisals' sum, natural logs.</param>
public readonly record struct ScoredWindow(int Fresh, int Scored, double Nats);

/// <summary>The perplexities that one text has; they differ by up to a quarter.</summary>
public enum PerplexityRecipe
{
    /// <summary>Every token counts once, the same: ours.</summary>
    EachTokenOnce,

    /// <summary>The mean of the windows' means (transformers' documentation up to 4.45).</summary>
    MeanOfWindows,

    /// <summary>Windows weighted by their new tokens less one (the same documentation later).</summary>
    WeightedWindows,
}
