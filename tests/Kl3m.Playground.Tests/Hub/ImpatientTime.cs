using System.Collections.Concurrent;
using Kl3m.Playground.Hub;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Hub;

/// <summary>Waits are over at once and written down; time-outs of the line and what comes again and again wait for <see cref="FakeTimeProvider.Advance"/>.</summary>
internal sealed class ImpatientTime : FakeTimeProvider
{
    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == HubClient.Stall || period != Timeout.InfiniteTimeSpan || dueTime == Timeout.InfiniteTimeSpan)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }
        Waits.Enqueue(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
