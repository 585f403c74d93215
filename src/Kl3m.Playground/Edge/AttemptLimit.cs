namespace Kl3m.Playground.Edge;

/// <summary>
/// Counts failures per client and overall in the minute that runs. Only failures count: a whole class behind one address signs in at once.
/// </summary>
/// <param name="each">Failures that one client may have in a minute; all together may have ten times as many.</param>
internal sealed class AttemptLimit(int each, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> failures = [];
    private long minute;
    private int overall;

    /// <summary>Takes the attempt for a failure until <see cref="Succeeded"/> says otherwise, so that many at once don't slip through.</summary>
    public bool TryBegin(string client)
    {
        lock (gate)
        {
            var now = time.GetUtcNow().ToUnixTimeSeconds() / 60;
            if (now != minute)
            {
                (minute, overall) = (now, 0);
                failures.Clear();
            }
            var own = failures.GetValueOrDefault(client);
            if (own >= each || overall >= 10 * each)
            {
                return false;
            }
            failures[client] = own + 1;
            overall++;
            return true;
        }
    }

    public void Succeeded(string client)
    {
        lock (gate)
        {
            if (failures.TryGetValue(client, out var own) && own > 0) // the minute may have turned in between
            {
                failures[client] = own - 1;
                overall--;
            }
        }
    }
}
