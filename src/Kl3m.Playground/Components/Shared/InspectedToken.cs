using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>Everything that the inspector says about one token, worked out from what was recorded when it was drawn.</summary>
public sealed record InspectedToken
{
    public required TokenGenerated Event { get; init; }

    /// <summary>A person put it there; it was not drawn.</summary>
    public bool IsForced { get; init; }

    public required VocabularyEntry Entry { get; init; }

    public required IReadOnlyList<VisiblePart> Parts { get; init; }

    /// <summary>The most likely tokens by raw rank; the one that was taken follows them if it is not among them.</summary>
    public required IReadOnlyList<InspectedRow> Rows { get; init; }

    /// <summary>How many tokens of the vocabulary have no row.</summary>
    public required int RestTokens { get; init; }

    /// <summary>What those tokens share, raw: 1 - sum, in double, never negative.</summary>
    public required double RestRaw { get; init; }

    /// <summary>The same after the filters; null when all of them were cut.</summary>
    public required double? RestFinal { get; init; }

    /// <summary>The ruler from 0 to 1: final probabilities laid end to end in raw-rank order; the last segment may be all the rest.</summary>
    public required IReadOnlyList<RulerSegment> Ruler { get; init; }

    public TokenScore Score => Event.Score;

    public SamplingTrace Trace => Event.Trace;

    public double Raw => Numbers.Probability(Score.RawLogprob);

    public double Final => Numbers.Probability(Score.FinalLogprob);

    public static InspectedToken? From(Run run, ITextGenerator generator, SelectedToken? place, int rows)
    {
        if (run.Find(place) is not { } token)
        {
            return null;
        }
        var score = token.Score;
        var forced = run.IsForced(place!);
        var listed = new List<InspectedRow>();
        foreach (var alternative in score.Alternatives.Take(rows))
        {
            // What was drawn was not cut, whatever a list from elsewhere says.
            var chosen = alternative.TokenId == score.TokenId;
            var final = chosen ? score.FinalLogprob : alternative.FinalLogprob;
            var cutBy = chosen && !forced ? null : alternative.CutBy;
            listed.Add(new(alternative.TokenId, listed.Count + 1, Visible.Alone(DrawnToken.Describe(generator, alternative.TokenId)), Numbers.Probability(alternative.RawLogprob),
                cutBy is null && !float.IsNegativeInfinity(final) ? Numbers.Probability(final) : null, cutBy, chosen));
        }
        var entry = DrawnToken.Describe(generator, score.TokenId);
        if (!listed.Exists(row => row.Chosen))
        {
            listed.Add(new(score.TokenId, score.Rank, Visible.Alone(entry), Numbers.Probability(score.RawLogprob), float.IsNegativeInfinity(score.FinalLogprob) ? null : Numbers.Probability(score.FinalLogprob), null, true));
        }
        var rest = Math.Max(0, run.Model.VocabularySize - listed.Count);
        var keptRows = listed.Count(row => row.Final is not null);
        var restFinal = token.Trace.Kept > keptRows || (token.Trace.Kept == 0 && token.Trace.Stages.Count == 0);
        return new()
        {
            Event = token,
            IsForced = forced,
            Entry = entry,
            Parts = Visible.Alone(entry),
            Rows = listed,
            RestTokens = rest,
            RestRaw = rest == 0 ? 0 : Math.Max(0, 1 - listed.Sum(row => row.Raw)),
            RestFinal = restFinal && rest > 0 ? Math.Max(0, 1 - listed.Sum(row => row.Final ?? 0)) : null,
            Ruler = token.Trace.U is null ? [] : Lay(listed, token.Trace),
        };
    }

    private static List<RulerSegment> Lay(List<InspectedRow> rows, SamplingTrace trace)
    {
        var ruler = new List<RulerSegment>();
        var reached = 0.0;
        foreach (var row in rows)
        {
            if (row.Final is not { } share)
            {
                continue;
            }
            // The chosen token's ends are the sampler's own; the others are summed, which agrees to the seventh decimal.
            var (low, high) = row.Chosen ? (trace.Low, trace.High) : (reached, Math.Min(1, reached + share));
            if (row.Chosen && low > reached + 1e-6)
            {
                ruler.Add(new(reached, low, null, false));
            }
            ruler.Add(new(low, high, row.Parts, row.Chosen));
            reached = high;
        }
        if (reached < 1 - 1e-6)
        {
            ruler.Add(new(reached, 1, null, false));
        }
        return ruler;
    }
}

/// <param name="Rank">Raw rank, 1 = most likely.</param>
/// <param name="Final">Null when the token was cut.</param>
public sealed record InspectedRow(int TokenId, int Rank, IReadOnlyList<VisiblePart> Parts, double Raw, double? Final, SamplingStage? CutBy, bool Chosen);

/// <param name="Parts">The token's name; null for a stretch of tokens that have no row.</param>
public sealed record RulerSegment(double Low, double High, IReadOnlyList<VisiblePart>? Parts, bool Chosen);
