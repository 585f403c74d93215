using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Classroom;

/// <summary>A distribution laid out from 0 to 1, the most likely token first: what a dart is thrown at.</summary>
internal sealed class TokenRuler
{
    private readonly double[] ends;

    public TokenRuler(float temperature, StageDistribution distribution)
    {
        Temperature = temperature;
        (TokenIds, Probabilities) = (distribution.TokenIds, distribution.Probabilities);
        ends = new double[TokenIds.Count];
        var sum = 0.0;
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = sum += Probabilities[i];
        }
    }

    public float Temperature { get; }

    /// <summary>By raw rank.</summary>
    public IReadOnlyList<int> TokenIds { get; }

    public IReadOnlyList<double> Probabilities { get; }

    /// <summary>Where on the ruler the dart landed: a place in <see cref="TokenIds"/>.</summary>
    public int Hit(double u)
    {
        var at = Array.BinarySearch(ends, u);
        // A segment holds its start and not its end; what rounding leaves beyond the last end is the last token's.
        return Math.Min(at >= 0 ? at + 1 : ~at, ends.Length - 1);
    }
}
