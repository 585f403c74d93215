using Kl3m.Inference;
using Kl3m.Playground.Components.Shared.Charts;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class SequencePlotTests
{
    [Fact]
    public void Each_bar_stands_in_the_path_of_its_bin_with_its_height_in_bits()
    {
        var plot = new SequencePlot([Point(null, null), Point(0.5, 2), Point(12, 5)]);
        Assert.Equal("M1.11 12v-0.5h0.78v0.5z", plot.Up[0]);
        Assert.Equal("M2.11 12v-12h0.78v12z", plot.Up[4]);
        Assert.Equal(["", "", ""], plot.Up.Skip(1).Take(3));
        Assert.Equal("M1.11 12v2h0.78v-2zM2.11 12v5h0.78v-5z", plot.Down);
        Assert.Equal((12, 5), (plot.Top, plot.Bottom));
    }

    [Fact]
    public void Numbers_that_a_server_does_not_tell_leave_the_scale_whole()
    {
        var told = new TokenScore { TokenId = 1, RawLogprob = -2, FinalLogprob = float.NaN, Rank = 3, Entropy = float.NaN, Alternatives = [] };
        var plot = new SequencePlot([SequencePoint.Of("a", told), SequencePoint.Of("b", told with { RawLogprob = float.NaN }), SequencePoint.Of("c", null)]);
        Assert.Equal((4, 0), (plot.Top, plot.Bottom));
        Assert.Equal("", plot.Down);
        Assert.DoesNotContain("NaN", string.Concat(plot.Up), StringComparison.Ordinal);
        Assert.Equal([told.Surprisal, null, null], plot.Points.Select(point => point.Surprisal));
    }

    [Fact]
    public void A_long_sequence_is_drawn_by_stretches_as_high_as_their_highest_and_a_press_finds_that_token()
    {
        var points = Enumerable.Range(0, 10_000).Select(i => Point(i == 4321 ? 15 : 1, 1)).ToList();
        var plot = new SequencePlot(points);
        Assert.Equal(9, plot.PerBar);
        Assert.InRange(plot.Width, 1000, SequencePlot.MostBars);
        Assert.Equal(4321, plot.At((4321 / 9 + 0.5) / plot.Width));
        Assert.Equal(4321, Assert.Single(plot.Peaks).Index);
    }

    [Fact]
    public void Names_stand_at_the_highest_bars_that_leave_room_for_each_other()
    {
        var points = Enumerable.Range(0, 100).Select(i => Point(i switch { 10 => 9, 12 => 8, 60 => 7, _ => 1 }, 1)).ToList();
        Assert.Equal([10, 60], new SequencePlot(points).Peaks.Select(peak => peak.Index));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    [InlineData(0.9)]
    public void A_press_beside_the_bars_finds_nothing(double share) => Assert.Null(new SequencePlot([Point(1, 1)]).At(share));

    [Fact]
    public void Nothing_to_draw_is_drawn_as_nothing() => Assert.All(new SequencePlot([]).Up, path => Assert.Equal("", path));

    private static SequencePoint Point(double? surprisal, double? entropy) => new("a", surprisal, entropy, 1);
}
