namespace Kl3m.Playground.Hub;

/// <summary>
/// Counts the bytes of all connections and tells now and then how far it is, also while nothing comes: a line that stands still is seen to.
/// The rate is that of the last seconds.
/// </summary>
internal sealed class DownloadMeter : IAsyncDisposable
{
    /// <summary>How long it is silent at most.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(8);
    private readonly long total;
    private readonly Action<DownloadProgress> report;
    private readonly TimeProvider time;
    private readonly TimeSpan every;
    private readonly Lock gate = new();
    private readonly Queue<(long Ticks, long Fetched)> past = new();
    private readonly ITimer beat;
    private long bytes;
    private long fetched;
    private long told;

    /// <param name="every">How often bytes that come are told of, at most.</param>
    public DownloadMeter(long total, Action<DownloadProgress> report, TimeProvider time, TimeSpan every)
    {
        (this.total, this.report, this.time, this.every) = (total, report, time, every);
        told = time.GetTimestamp();
        past.Enqueue((told, 0));
        beat = time.CreateTimer(_ => Tell(), null, Beat, Beat);
    }

    /// <summary>What is there already, or (negative) was thrown away: it counts, but not for the rate.</summary>
    public void Found(long count) => Count(count, 0);

    public void Fetched(int count) => Count(count, count);

    public void Tell()
    {
        lock (gate)
        {
            report(Progress());
        }
    }

    /// <summary>Nothing is told after it.</summary>
    public ValueTask DisposeAsync() => beat.DisposeAsync();

    private void Count(long there, int came)
    {
        lock (gate)
        {
            (bytes, fetched) = (bytes + there, fetched + came);
            if (time.GetElapsedTime(told) >= every)
            {
                told = time.GetTimestamp();
                report(Progress());
            }
        }
    }

    private DownloadProgress Progress()
    {
        past.Enqueue((time.GetTimestamp(), fetched));
        while (past.Count > 2 && time.GetElapsedTime(past.Peek().Ticks) > Window)
        {
            past.Dequeue();
        }
        var (since, before) = past.Peek();
        var seconds = time.GetElapsedTime(since).TotalSeconds;
        return new(bytes, total, seconds >= 0.5 ? (fetched - before) / seconds : null);
    }
}
