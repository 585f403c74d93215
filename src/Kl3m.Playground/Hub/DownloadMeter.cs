namespace Kl3m.Playground.Hub;

/// <summary>Counts the bytes of all connections and tells now and then how far it is. The rate is that of the last seconds.</summary>
internal sealed class DownloadMeter(long total, Action<DownloadProgress> report, TimeProvider time, TimeSpan every)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(8);
    private readonly Lock gate = new();
    private readonly Queue<(long Ticks, long Fetched)> past = new([(time.GetTimestamp(), 0)]);
    private long bytes;
    private long fetched;
    private long told = time.GetTimestamp();

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
