using Kl3m.Playground.Classroom;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>A row of the chart in which votes and model mirror each other.</summary>
/// <param name="TokenId">Null for the rest of the vocabulary.</param>
/// <param name="Share">Of the votes.</param>
/// <param name="Probability">Raw; 0 before the reveal, and where it is not told: then it is part of the rest.</param>
/// <param name="Others">How many tokens the rest is, those that are not told among them.</param>
/// <param name="Typed">What most of the voters wrote, of which this is the first token.</param>
/// <param name="AtMost">What is certain of a probability that a server does not tell; null where it is told.</param>
internal sealed record MirrorRow(int? TokenId, int Votes, double Share, double Probability, bool Drawn, int Others = 0, string? Typed = null, double? AtMost = null)
{
    public static IReadOnlyList<MirrorRow> Of(QuestionScene question, int most)
    {
        var total = Math.Max(1, question.Votes.Count);
        var rows = question.Reveal is { } reveal
            ? [.. reveal.Rows.Select(token => Row(token.TokenId, token.IsTold ? token.Probability : 0, token.TokenId == reveal.DrawnTokenId) with { AtMost = token.IsTold ? null : token.AtMost })
                .OrderByDescending(row => row.Drawn).ThenByDescending(row => Math.Max(row.Share, row.Probability)).Take(most).OrderByDescending(row => row.Probability)]
            : question.Tally().Take(most).Select(row => Row(row.TokenId, 0, false)).ToList();
        var votesLeft = question.Votes.Count - rows.Sum(row => row.Votes);
        if (question.Reveal is { } shown)
        {
            rows.Add(new(null, votesLeft, (double)votesLeft / total, Math.Max(0, 1 - rows.Sum(row => row.Probability)), false, shown.VocabularySize - rows.Count(row => row.AtMost is null)));
        }
        else if (votesLeft > 0)
        {
            rows.Add(new(null, votesLeft, (double)votesLeft / total, 0, false));
        }
        return rows;

        MirrorRow Row(int id, double probability, bool drawn)
        {
            var votes = question.Votes.Values.Where(vote => vote.TokenId == id).Select(vote => vote.Typed.Trim()).ToList();
            var typed = votes.GroupBy(word => word).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).FirstOrDefault()?.Key;
            return new(id, votes.Count, (double)votes.Count / total, probability, drawn, Typed: typed);
        }
    }

    /// <summary>What a full bar means on both sides: one of few fixed steps, so that charts of two questions can be compared.</summary>
    public static double Axis(IReadOnlyList<MirrorRow> rows) =>
        rows.Select(row => Math.Max(row.Share, row.Probability)).DefaultIfEmpty(0).Max() switch { <= 0.25 => 0.25, <= 0.5 => 0.5, _ => 1 };
}
