using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>Many throws at one distribution, and how well they fit it.</summary>
/// <param name="Counts">By token id; a token that was never hit is not in it.</param>
public sealed record Draws(StageDistribution From, int Total, IReadOnlyDictionary<int, int> Counts, ChiSquare Fit)
{
    public int Of(int tokenId) => Counts.GetValueOrDefault(tokenId);

    public bool IsOf(StageDistribution distribution) =>
        From == distribution || (From.TokenIds.SequenceEqual(distribution.TokenIds) && From.Probabilities.SequenceEqual(distribution.Probabilities));

    /// <summary>Each throw has a dart of its own: number i of the seed's.</summary>
    public static Draws Throw(StageDistribution from, ulong seed, int total)
    {
        var ends = new double[from.TokenIds.Count];
        var sum = 0.0;
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = sum += from.Probabilities[i];
        }
        var hits = new int[ends.Length];
        for (var i = 0; i < total; i++)
        {
            // A dart on a boundary belongs to the segment that begins there; what rounding leaves behind the last end is the last token's.
            var at = Array.BinarySearch(ends, SeededRandom.NextUniform(seed, 0, i));
            hits[Math.Min(at >= 0 ? at + 1 : ~at, ends.Length - 1)]++;
        }
        var counts = Enumerable.Range(0, hits.Length).Where(i => hits[i] > 0).ToDictionary(i => from.TokenIds[i], i => hits[i]);
        return new(from, total, counts, ChiSquare.Of(from.Probabilities, hits));
    }
}
