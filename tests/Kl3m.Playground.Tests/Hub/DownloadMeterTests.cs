using Kl3m.Playground.Hub;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Hub;

public sealed class DownloadMeterTests
{
    [Fact]
    public async Task A_line_that_stands_still_is_seen_with_all_that_came_before()
    {
        var time = new FakeTimeProvider();
        var told = new List<DownloadProgress>();
        await using (var meter = new DownloadMeter(1_000_000, told.Add, time, TimeSpan.FromMilliseconds(250)))
        {
            meter.Fetched(400_000);
            Assert.Empty(told);
            time.Advance(DownloadMeter.Beat);
            Assert.Equal(400_000, told[^1].Bytes);
            Assert.Equal(400_000, told[^1].BytesPerSecond!.Value, 1);
            for (var second = 0; second < 12; second++)
            {
                time.Advance(DownloadMeter.Beat);
            }
            Assert.Equal(new(400_000, 1_000_000, 0), told[^1]);
            Assert.EndsWith("standing still)", told[^1].ToString(), StringComparison.Ordinal);
        }
        var all = told.Count;
        time.Advance(DownloadMeter.Beat);
        Assert.Equal(all, told.Count);
    }

    [Fact]
    public async Task Bytes_that_come_in_one_go_are_not_told_one_by_one()
    {
        var time = new FakeTimeProvider();
        var told = new List<DownloadProgress>();
        await using var meter = new DownloadMeter(1_000_000, told.Add, time, TimeSpan.FromMilliseconds(250));
        for (var i = 0; i < 100; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            meter.Fetched(10_000);
        }
        Assert.InRange(told.Count, 4, 5);
    }
}
