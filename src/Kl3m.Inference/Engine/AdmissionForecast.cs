namespace Kl3m.Inference.Engine;

/// <summary>
/// When those who wait will have room, in steps from now: those who run are taken to write all tokens that they asked for, which is the most
/// that it can take.
/// </summary>
internal static class AdmissionForecast
{
    /// <param name="running">For each sequence that holds a slot: the steps that it has left, and the blocks that it gives back.</param>
    /// <param name="slots">Free ones.</param>
    /// <param name="blocks">Free ones.</param>
    /// <param name="order">Those who wait, the next one first.</param>
    /// <returns>One number for each of <paramref name="order"/>.</returns>
    public static IEnumerable<long> Starts(
        IEnumerable<(long Steps, long Blocks)> running, int slots, long blocks, IEnumerable<SequenceGroup> order, CacheRoom room)
    {
        var ends = new PriorityQueue<long, long>(running.Select(sequence => (sequence.Blocks, sequence.Steps)));
        var now = 0L;
        foreach (var group in order)
        {
            var needed = room.BlocksFor(group.SlotsNeeded, group.Prompt.Length, group.SlotCapacity);
            while ((slots < group.SlotsNeeded || blocks < needed) && ends.TryDequeue(out var back, out var end))
            {
                now = end;
                slots++;
                blocks += back;
            }
            yield return now;
            slots -= group.SlotsNeeded;
            blocks -= needed;
            for (var i = 0; i < group.SlotsNeeded; i++)
            {
                ends.Enqueue(needed / group.SlotsNeeded, now + group.MaxTokens + 1);
            }
        }
    }
}
