using Kl3m.Inference.Sampling;

namespace Kl3m.Inference.Tests.Sampling;

public sealed class RankedRowTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(257)]
    [InlineData(4096)]
    [InlineData(32768)]
    [InlineData(50277)]
    public void The_order_is_that_of_a_full_sort_for_smooth_tied_and_sparse_rows(int length)
    {
        var random = new Random(length);
        var row = new RankedRow(length);
        Func<int, float>[] kinds =
        [
            _ => random.NextSingle() * 20 - 10,
            _ => random.Next(5) - 2,
            _ => 0,
            i => i,
            i => -i,
            _ => random.Next(3) == 0 ? random.NextSingle() : float.NegativeInfinity,
            i => i % 2 == 0 ? 0f : -0f,
            i => i % 512 == 0 ? 100 + i : -random.NextSingle(),
            _ => MathF.ScaleB(random.NextSingle() - 0.5f, random.Next(-140, 120)),
        ];
        foreach (var kind in kinds)
        {
            var scores = Enumerable.Range(0, length).Select(kind).ToArray();
            row.Load(scores);
            var expected = Enumerable.Range(0, length).OrderByDescending(id => scores[id]).ToArray();
            Assert.Equal(expected, Enumerable.Range(0, length).Select(rank => row[rank]));
            Assert.Equal(scores.Max(), row.Max);
            Assert.Equal(scores.Count(float.IsFinite), row.Count);
            foreach (var rank in new[] { 0, length / 3, length / 2, length - 1 })
            {
                Assert.Equal(rank, row.RankOf(expected[rank]));
            }
            Assert.Equal(expected, Enumerable.Range(0, length).OrderBy(row.Key));
        }
    }
}
