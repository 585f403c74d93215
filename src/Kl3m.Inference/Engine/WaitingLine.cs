namespace Kl3m.Inference.Engine;

/// <summary>The places for requests that wait to be admitted, and how fast the line moves. Thread-safe.</summary>
internal sealed class WaitingLine(int places, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private TimeSpan timePerPlace = Shortest;
    private long lastLeft = time.GetTimestamp();
    private int waiting;

    public int Waiting
    {
        get
        {
            lock (gate)
            {
                return waiting;
            }
        }
    }

    /// <exception cref="EngineBusyException">All places are taken; it names the time in which one should come free.</exception>
    public void Enter()
    {
        lock (gate)
        {
            if (waiting == places)
            {
                throw new EngineBusyException(waiting, TimeSpan.FromTicks(Math.Clamp(timePerPlace.Ticks, Shortest.Ticks, Longest.Ticks)));
            }
            if (waiting++ == 0)
            {
                // An idle stretch says nothing about how long a full line takes to move.
                lastLeft = time.GetTimestamp();
            }
        }
    }

    /// <summary>Leaves without having been served.</summary>
    public void Leave()
    {
        lock (gate)
        {
            waiting--;
        }
    }

    /// <summary>Leaves because there was room.</summary>
    public void Advance()
    {
        lock (gate)
        {
            waiting--;
            timePerPlace = timePerPlace * 0.75 + time.GetElapsedTime(lastLeft) * 0.25;
            lastLeft = time.GetTimestamp();
        }
    }
}
