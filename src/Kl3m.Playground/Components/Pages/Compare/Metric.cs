using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>One figure of every column.</summary>
/// <param name="Meaning">What it is, in one sentence.</param>
/// <param name="Values">One for each column; null where there is none yet.</param>
internal sealed record Metric(string Label, string Meaning, IReadOnlyList<Metric.Value?> Values, bool HasBars = true)
{
    /// <param name="Size">What its bar shows, against the largest of the row.</param>
    internal sealed record Value(double Size, string Text, string Unit);

    public double Share(int index) => Values[index] is { } value && Values.Max(one => one?.Size ?? 0) is > 0 and var most ? value.Size / most : 0;

    public static IEnumerable<Metric> All(CompareState state)
    {
        var surprise = state.Columns.Select(column => column.Run?.Sequences[0].Measure()).ToList();
        yield return new("mean surprisal", "-log2 of the raw probability, mean over the column's tokens.", [.. surprise.Select(one => one?.MeanBits is { } bits ? new Value(bits, Numbers.Bits(bits), "bits") : null)]);
        yield return new("perplexity", "exp of the mean surprisal (natural log) of the column's own tokens, each given the prompt and all before it.", [.. surprise.Select(one => one?.Perplexity is { } perplexity ? new Value(perplexity, Numbers.Perplexity(perplexity), "") : null)]);
        yield return new("distinct-2", "Share of pairs of tokens that are different ones: 1 never repeats a pair.", [.. state.Columns.Select(column => column.Pairs.Distinct is { } distinct ? new Value(distinct, Numbers.Bits(distinct), $"of {Numbers.Of(column.Pairs.Total, "pair")}") : null)]);
        yield return new("repeated 4-grams", "Four tokens in a row that came before in the same text: the mark of a loop.", [.. state.Columns.Select(column => column.Fours.Total > 0 ? new Value(column.Fours.Repeated, Numbers.Count(column.Fours.Repeated), $"of {Numbers.Count(column.Fours.Total)}") : null)]);
        if (state.Fork is { Position: { } position })
        {
            yield return new($"kept at token {Numbers.Count(position + 1)}", "Tokens left to draw from where the columns part; bars on a log scale.", [.. state.Columns.Select(column => Kept(column, position))]);
        }
        yield return new("first token, speed", "From the request to the first token, and tokens per second after it.", [.. state.Columns.Select(column => Speed(column.Run))], HasBars: false);
    }

    private static Value? Kept(CompareColumn column, int position) =>
        position < column.Tokens.Count && column.Tokens[position].Trace.Kept is > 0 and var kept ? new(Math.Log(kept + 1), Numbers.Count(kept), $"of {Numbers.Count(column.Run!.Model.VocabularySize)}") : null;

    private static Value? Speed(Run? run) =>
        run?.FirstToken is { } first ? new(0, Numbers.Duration(first), run.TokensPerSecond is { } rate ? $"then {Numbers.Rate(rate)}" : "") : null;
}
