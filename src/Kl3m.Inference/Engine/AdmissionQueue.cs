namespace Kl3m.Inference.Engine;

/// <summary>
/// Requests that wait to be admitted, in the order in which they will be: by their priority, then the user who holds the least is next, among
/// equals the one who was admitted longest ago, and within a user it is first come, first served.
/// </summary>
internal sealed class AdmissionQueue
{
    private readonly List<SequenceGroup> waiting = [];
    private readonly Dictionary<object, long> admitted = [];
    private long turn;

    public IReadOnlyList<SequenceGroup> Groups => waiting;

    /// <summary>Grows with each change.</summary>
    public int Version { get; private set; }

    public void Add(SequenceGroup group)
    {
        waiting.Add(group);
        Version++;
    }

    public bool Remove(SequenceGroup group)
    {
        Version++;
        return waiting.Remove(group);
    }

    public void Admit(SequenceGroup group)
    {
        Remove(group);
        admitted[group.User] = ++turn;
    }

    /// <summary>Of somebody who has nothing in the engine any more.</summary>
    public void Forget(object user) => admitted.Remove(user);

    /// <param name="held">Slots by user.</param>
    /// <param name="most">Slots that a user may come to, unless it is one request that runs alone.</param>
    /// <returns>The next to be admitted; null where all have their share.</returns>
    public SequenceGroup? Next(IReadOnlyDictionary<object, int> held, int most) => waiting
        .OrderBy(group => group.Request.Priority)
        .DistinctBy(group => group.User)
        .Where(group => held.GetValueOrDefault(group.User) is var slots && (slots == 0 || slots + group.SlotsNeeded <= most))
        .MinBy(group => (group.Request.Priority, held.GetValueOrDefault(group.User), admitted.GetValueOrDefault(group.User)));

    /// <summary>All of them, as they would be admitted if nothing else came or went.</summary>
    public IEnumerable<SequenceGroup> InOrder(IReadOnlyDictionary<object, int> held)
    {
        var users = new PriorityQueue<(object User, Queue<SequenceGroup> Groups), (int Priority, int Held, long Admitted, int Arrived)>();
        var (arrived, next) = (0, turn);
        foreach (var user in waiting.OrderBy(group => group.Request.Priority).GroupBy(group => group.User))
        {
            users.Enqueue((user.Key, new(user)), (user.First().Request.Priority, held.GetValueOrDefault(user.Key), admitted.GetValueOrDefault(user.Key), arrived++));
        }
        while (users.TryDequeue(out var first, out var order))
        {
            var group = first.Groups.Dequeue();
            yield return group;
            if (first.Groups.Count > 0)
            {
                users.Enqueue(first, (first.Groups.Peek().Request.Priority, order.Held + group.SlotsNeeded, ++next, order.Arrived));
            }
        }
    }
}
