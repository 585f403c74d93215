using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Playground.Components.Pages.Lab;

namespace Kl3m.Playground.Tests.Components.Lab;

public sealed class DrawsTests
{
    private static StageDistribution Of(params double[] shares) =>
        new(new StageTrace(SamplingStage.Raw, 0, shares.Length, 1, null), [.. Enumerable.Range(10, shares.Length)], shares);

    [Theory]
    // Critical values of the tables (NIST/SEMATECH e-Handbook, 1.3.6.7.4).
    [InlineData(3.841, 1, 0.05)]
    [InlineData(18.307, 10, 0.05)]
    [InlineData(23.209, 10, 0.01)]
    [InlineData(124.342, 100, 0.05)]
    [InlineData(29.588, 10, 0.001)]
    [InlineData(3.940, 10, 0.95)]
    public void The_p_value_is_that_of_the_tables(double statistic, int degreesOfFreedom, double p) =>
        Assert.Equal(p, ChiSquare.UpperTail(statistic, degreesOfFreedom), 1.5e-4);

    [Fact]
    public void The_statistic_is_the_sum_over_classes_and_small_ones_are_counted_together()
    {
        // Expected 60, 30, 4, 3, 3: the last three are one class of 10.
        var fit = ChiSquare.Of([0.6, 0.3, 0.04, 0.03, 0.03], [50, 40, 10, 0, 0]);
        Assert.Equal(2, fit.DegreesOfFreedom);
        Assert.Equal(100.0 / 60 + 100.0 / 30 + 0, fit.Statistic, 9);
        // A pool that is too small joins the smallest class.
        Assert.Equal(1, ChiSquare.Of([0.6, 0.38, 0.02], [60, 38, 2]).DegreesOfFreedom);
        Assert.Equal((0, 1.0), (ChiSquare.Of([1], [1000]).DegreesOfFreedom, ChiSquare.Of([1], [1000]).P));
        Assert.Equal(0, ChiSquare.Of([0.999, 0.001], [1000, 0]).DegreesOfFreedom);
    }

    [Fact]
    public void A_thousand_throws_fit_their_distribution_and_never_hit_what_has_no_share()
    {
        var p = new List<double>();
        for (var seed = 0UL; seed < 200; seed++)
        {
            var draws = Draws.Throw(Of(0.5, 0.25, 0.15, 0, 0.09, 0.01), seed, 1000);
            Assert.Equal(1000, draws.Counts.Values.Sum());
            Assert.Equal(0, draws.Of(13));
            p.Add(draws.Fit.P);
        }
        // A true hypothesis has p-values that are spread evenly.
        Assert.InRange(p.Average(), 0.42, 0.58);
        Assert.InRange(p.Count(one => one < 0.1), 8, 36);
    }

    [Fact]
    public void Throws_at_another_distribution_do_not_fit()
    {
        var draws = Draws.Throw(Of(0.5, 0.3, 0.2), 1, 1000);
        int[] hits = [.. new[] { 10, 11, 12 }.Select(draws.Of)];
        Assert.True(ChiSquare.Of([0.4, 0.35, 0.25], hits).P < 1e-6);
    }
}
