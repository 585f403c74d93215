using Kl3m.Inference.Models.Host;

namespace Kl3m.Inference.Tests.Models.Host;

public sealed class TeamTests
{
    public static TheoryData<int> Threads => [1, 2, 5];

    [Theory, MemberData(nameof(Threads))]
    public void Every_item_of_every_work_is_done_once_before_the_next(int threads)
    {
        using var team = new Team(threads, () => "");
        var done = new int[97];
        var work = new RowWork(() => done.Length, item => Interlocked.Increment(ref done[item]));
        for (var run = 1; run <= 2000; run++)
        {
            team.Run(work);
            Assert.All(done, times => Assert.Equal(run, times));
        }
    }

    [Fact]
    public void Helpers_that_sleep_are_woken_when_there_is_work()
    {
        using var team = new Team(2, () => "");
        var threads = new HashSet<int>();
        using var both = new Barrier(2);
        // Each run ends only when two threads are in it at once.
        var work = new RowWork(() => 2, _ =>
        {
            Assert.True(both.SignalAndWait(TimeSpan.FromSeconds(60)), "nobody came to help");
            lock (threads)
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }
        });
        for (var run = 0; run < 5; run++)
        {
            team.Run(work);
            // Longer than a helper watches.
            Thread.SpinWait(20_000);
        }
        Assert.Equal(2, threads.Count);
    }

    [Theory, MemberData(nameof(Threads))]
    public void A_failure_comes_to_the_caller_and_the_team_goes_on(int threads)
    {
        using var team = new Team(threads, () => "");
        var failing = new RowWork(() => 10, item => _ = item == 7 ? throw new InvalidOperationException("item 7") : 0);
        var error = Assert.ThrowsAny<Exception>(() => team.Run(failing));
        Assert.Contains("item 7", error.ToString(), StringComparison.Ordinal);
        var done = 0;
        team.Run(new RowWork(() => 10, _ => Interlocked.Increment(ref done)));
        Assert.Equal(10, done);
    }
}
