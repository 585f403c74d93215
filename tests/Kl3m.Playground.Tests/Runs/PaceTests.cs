using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components.Shared;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Runs;

public sealed class PaceTests
{
    private readonly FakeTimeProvider time = new();

    private static Task Show(Pace pace, int position, double raw = 0.5, int sequence = 0) =>
        pace.WaitAsync(TestRun.Letter(position, 'a', raw, sequence: sequence), TestContext.Current.CancellationToken);

    [Fact]
    public void At_full_speed_nothing_waits()
    {
        var pace = new Pace(time);
        pace.Begin(0);
        Assert.All(Enumerable.Range(0, 100), i => Assert.True(Show(pace, i).IsCompletedSuccessfully));
    }

    [Fact]
    public async Task A_step_lets_one_token_of_each_continuation_through()
    {
        var pace = new Pace(time);
        pace.Step();
        pace.Begin(3);
        Assert.True(Show(pace, 3, sequence: 0).IsCompleted);
        Assert.True(Show(pace, 3, sequence: 1).IsCompleted);
        var next = Show(pace, 4);
        Assert.False(next.IsCompleted);
        pace.Step();
        await next;
        Assert.False(Show(pace, 5).IsCompleted);
    }

    [Fact]
    public async Task A_speed_is_kept_on_the_clock()
    {
        var pace = new Pace(time) { Speed = 4 };
        pace.Begin(0);
        Assert.True(Show(pace, 0).IsCompleted);
        var next = Show(pace, 1);
        time.Advance(TimeSpan.FromMilliseconds(240));
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(20));
        await next;
        Assert.True(Show(pace, 1, sequence: 1).IsCompleted);
        Assert.False(Show(pace, 2).IsCompleted);
    }

    [Fact]
    public async Task It_stops_behind_a_surprising_token_and_goes_on_when_told()
    {
        var pace = new Pace(time) { SurprisalBits = 5 };
        pace.Begin(0);
        await Show(pace, 0);
        await Show(pace, 1, raw: 0.01);
        Assert.Equal(1, pace.StoppedAt!.Position);
        Assert.False(pace.IsPlaying);
        var next = Show(pace, 2);
        Assert.False(next.IsCompleted);
        pace.Play();
        await next;
        Assert.Null(pace.StoppedAt);
    }

    [Fact]
    public async Task It_stops_where_the_model_is_open()
    {
        var pace = new Pace(time) { EntropyBits = 3 }; // the letters' entropy is 3.15
        pace.Begin(0);
        await Show(pace, 0);
        Assert.False(pace.IsPlaying);
    }

    [Fact]
    public async Task A_pause_holds_what_comes_next()
    {
        var pace = new Pace(time);
        pace.Begin(0);
        await Show(pace, 0);
        pace.Pause();
        var next = Show(pace, 1);
        Assert.False(next.IsCompleted);
        pace.Speed = 2;
        Assert.False(next.IsCompleted);
        pace.Play();
        await next;
    }
}
