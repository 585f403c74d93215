using Kl3m.Inference.Sampling;

namespace Kl3m.Inference.Tests.Sampling;

public sealed class SeededRandomTests
{
    // From Random123's kat_vectors: counter, key, output.
    [Theory]
    [InlineData("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void Philox_gives_the_published_answers(string counter, string key, string output)
    {
        var c = Words(counter);
        var k = Words(key);
        var o = Words(output);
        Assert.Equal((o[0], o[1], o[2], o[3]), SeededRandom.Philox((c[0], c[1], c[2], c[3]), (k[0], k[1])));
    }

    [Fact]
    public void The_uniform_is_the_top_53_bits_of_the_first_two_words()
    {
        var expected = (0xe169c58d6627e8d5UL >> 11) * Math.Pow(2, -53);
        Assert.Equal(expected, SeededRandom.NextUniform(0, 0, 0));
    }

    [Fact]
    public void Every_seed_sequence_and_position_has_a_number_of_its_own()
    {
        ulong[] seeds = [0, 1, 7, 1UL << 32, ulong.MaxValue];
        var numbers = from seed in seeds
                      from sequence in Enumerable.Range(-1, 20)
                      from position in Enumerable.Range(0, 200)
                      select SeededRandom.NextUniform(seed, sequence, position);
        var all = numbers.ToArray();
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.All(all, u => Assert.InRange(u, 0, 1 - Math.Pow(2, -53)));
    }

    [Fact]
    public void Numbers_are_spread_evenly_over_positions_and_over_seeds()
    {
        const int Draws = 100_000;
        const int Bins = 100;
        var byPosition = Enumerable.Range(0, Draws).Select(i => SeededRandom.NextUniform(42, 0, i));
        var bySeed = Enumerable.Range(0, Draws).Select(i => SeededRandom.NextUniform((ulong)i, 0, 0));
        foreach (var numbers in new[] { byPosition, bySeed })
        {
            var observed = new double[Bins];
            foreach (var u in numbers)
            {
                observed[(int)(u * Bins)]++;
            }
            var statistic = observed.Sum(o => Math.Pow(o - Draws / Bins, 2) / (Draws / Bins));
            Assert.True(statistic < ChiSquare.Quantile9999(Bins - 1), $"chi-square is {statistic}");
        }
    }

    private static uint[] Words(string text) => [.. text.Split(' ').Select(word => Convert.ToUInt32(word, 16))];
}
