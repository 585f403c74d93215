namespace Kl3m.Playground.Scoring;

/// <summary>
/// Whether shares can be taken at their word: places are sorted by the share that the model gave its favourite token there, and in each
/// group that share is held against how often the favourite came (a reliability diagram).
/// </summary>
public sealed record Calibration(IReadOnlyList<CalibrationPoint> Points)
{
    public const int Groups = 10;

    public int Count => Points.Sum(point => point.Count);

    /// <summary>Mean share given to the favourite, over all places; NaN without any.</summary>
    public double Said => Points.Sum(point => point.Said * point.Count) / Count;

    /// <summary>How often it came; NaN without any.</summary>
    public double Came => Points.Sum(point => point.Came * point.Count) / Count;

    /// <summary>Groups by tenths of the favourite's share; empty groups have no point.</summary>
    public static Calibration Of(ScoredText text)
    {
        var (count, said, came) = (new int[Groups], new double[Groups], new int[Groups]);
        foreach (var score in text.Tokens.Select(token => token.Score))
        {
            if (score is { Alternatives: [var favourite, ..] })
            {
                var share = Math.Exp(favourite.RawLogprob);
                var group = Math.Clamp((int)(share * Groups), 0, Groups - 1);
                count[group]++;
                said[group] += share;
                came[group] += score.Rank == 1 ? 1 : 0;
            }
        }
        return new([.. Enumerable.Range(0, Groups).Where(i => count[i] > 0).Select(i => new CalibrationPoint(i, count[i], said[i] / count[i], (double)came[i] / count[i]))]);
    }
}

/// <param name="Group">0 for shares below 10%, 9 for 90% and more.</param>
/// <param name="Count">Places in the group.</param>
/// <param name="Said">Mean share of the favourite.</param>
/// <param name="Came">How often it came, 0 to 1.</param>
public readonly record struct CalibrationPoint(int Group, int Count, double Said, double Came);
