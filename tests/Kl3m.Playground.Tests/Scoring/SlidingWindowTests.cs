using Kl3m.Inference;

namespace Kl3m.Playground.Tests.Scoring;

public sealed class SlidingWindowTests
{
    [Fact]
    public void Every_token_but_the_first_is_scored_once_with_as_much_before_it_as_promised()
    {
        for (var length = 1; length < 60; length++)
        {
            for (var context = 2; context < 12; context++)
            {
                for (var stride = 1; stride < context; stride++)
                {
                    var windows = SlidingWindow.Over(length, context, stride).ToList();
                    Assert.Equal(Enumerable.Range(1, length - 1), windows.SelectMany(window => Enumerable.Range(window.FirstScored, window.Scored)));
                    Assert.All(windows, window => Assert.InRange(window.End - window.Begin, 1, context));
                    Assert.All(windows.Skip(1), window => Assert.True(window.FirstScored - window.Begin >= context - stride));
                }
            }
        }
    }

    [Fact]
    public void A_stride_as_long_as_the_context_leaves_the_first_token_of_each_window_without_a_score()
    {
        Assert.Equal([3, 3, 1], SlidingWindow.Over(10, 4, 4).Select(window => window.Scored));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 0)]
    [InlineData(8, 9)]
    public void Windows_that_leave_gaps_are_refused(int context, int stride) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SlidingWindow.Over(10, context, stride).ToList());
}
