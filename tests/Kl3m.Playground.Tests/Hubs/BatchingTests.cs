using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kl3m.Playground.Hubs;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Hubs;

public sealed class BatchingTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    [Fact]
    public async Task What_gathers_during_the_pause_is_one_batch()
    {
        var time = new FakeTimeProvider();
        var channel = Channel.CreateUnbounded<int>();
        await using var batches = channel.Reader.ReadAllAsync().InBatchesAsync(Pause, time, default).GetAsyncEnumerator();
        channel.Writer.TryWrite(1);
        Assert.True(await batches.MoveNextAsync());
        Assert.Equal([1], batches.Current);
        var next = batches.MoveNextAsync().AsTask();
        channel.Writer.TryWrite(2);
        channel.Writer.TryWrite(3);
        Assert.False(next.IsCompleted);
        time.Advance(Pause);
        Assert.True(await next);
        Assert.Equal([2, 3], batches.Current);
    }

    [Fact]
    public async Task Nothing_is_lost_however_much_there_is()
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = Pause };
        var seen = new List<int>();
        await foreach (var batch in Numbers(1000).InBatchesAsync(TimeSpan.Zero, time, default))
        {
            Assert.InRange(batch.Length, 1, 256);
            seen.AddRange(batch);
        }
        Assert.Equal(Enumerable.Range(0, 1000), seen);
    }

    private static async IAsyncEnumerable<int> Numbers(int count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var i = 0; i < count; i++)
        {
            if (i % 300 == 7)
            {
                await Task.Yield();
            }
            yield return i;
        }
    }
}
