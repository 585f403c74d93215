namespace Kl3m.Playground.Classroom;

/// <summary>So many in any stretch of time, by key. Thread-safe; keys that used nothing lately are forgotten.</summary>
internal sealed class Allowance(int most, TimeSpan stretch, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Queue<long>> used = [];

    public bool IsSpent(string key)
    {
        lock (gate)
        {
            return Recent(key) is { } recent && recent.Count >= most;
        }
    }

    public void Spend(string key)
    {
        lock (gate)
        {
            if (used.Count >= 10_000)
            {
                foreach (var old in used.Keys.ToList())
                {
                    Recent(old);
                }
            }
            if (!used.TryGetValue(key, out var recent))
            {
                used[key] = recent = new();
            }
            recent.Enqueue(time.GetTimestamp());
        }
    }

    /// <summary>Takes the last one back.</summary>
    public void GiveBack(string key)
    {
        lock (gate)
        {
            if (Recent(key) is { } recent)
            {
                used[key] = new(recent.SkipLast(1));
            }
        }
    }

    private Queue<long>? Recent(string key)
    {
        if (!used.TryGetValue(key, out var recent))
        {
            return null;
        }
        while (recent.TryPeek(out var oldest) && time.GetElapsedTime(oldest) >= stretch)
        {
            recent.Dequeue();
        }
        if (recent.Count == 0)
        {
            used.Remove(key);
            return null;
        }
        return recent;
    }
}
