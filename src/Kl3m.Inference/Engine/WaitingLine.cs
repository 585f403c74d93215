namespace Kl3m.Inference.Engine;

/// <summary>The places for requests that wait to be admitted, and how fast the line moves. Thread-safe.</summary>
/// <param name="placesPerUser">The most of them that one user may take.</param>
internal sealed class WaitingLine(int places, int placesPerUser, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private readonly Lock gate = new();
    private readonly Dictionary<object, int> byUser = [];
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

    /// <exception cref="EngineBusyException">All places, or all of the user's, are taken; it names the time in which one should come free.</exception>
    /// <param name="name">Null is a user of its own.</param>
    /// <returns>The user, as the other members want it.</returns>
    public object Enter(string? name)
    {
        var user = name ?? new object();
        lock (gate)
        {
            var own = byUser.GetValueOrDefault(user);
            if (waiting == places || own == placesPerUser)
            {
                var retryAfter = TimeSpan.FromTicks(Math.Clamp(timePerPlace.Ticks, Shortest.Ticks, Longest.Ticks));
                throw waiting == places ? new EngineBusyException(waiting, retryAfter) : new EngineBusyException(waiting, retryAfter, own);
            }
            byUser[user] = own + 1;
            if (waiting++ == 0)
            {
                // An idle stretch says nothing about how long a full line takes to move.
                lastLeft = time.GetTimestamp();
            }
        }
        return user;
    }

    /// <summary>Leaves without having been served.</summary>
    public void Leave(object user)
    {
        lock (gate)
        {
            waiting--;
            if (--byUser[user] == 0)
            {
                byUser.Remove(user);
            }
        }
    }

    /// <summary>Leaves because there was room.</summary>
    public void Advance(object user)
    {
        lock (gate)
        {
            Leave(user);
            timePerPlace = timePerPlace * 0.75 + time.GetElapsedTime(lastLeft) * 0.25;
            lastLeft = time.GetTimestamp();
        }
    }
}
