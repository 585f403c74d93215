using System.Runtime.CompilerServices;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom.Nodes;

/// <summary>Hands the runs that are presented at this node to the others, as they are written.</summary>
internal sealed class RunSender(OtherNodes nodes, string code, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    private readonly ConditionalWeakTable<Run, Sending> sendings = new();

    public bool Wrote(string id) => id.StartsWith(nodes.Me, StringComparison.Ordinal);

    /// <summary>The node that a run was written at.</summary>
    public static string NodeOf(string id) => id.Split('-')[0];

    /// <summary>Sees to it that the others get the run, and those that it branches from.</summary>
    /// <returns>What they find it by.</returns>
    public string Share(Run run)
    {
        var sending = sendings.GetValue(run, Begin);
        if (run.Branch is { } branch)
        {
            Share(branch.From);
        }
        return sending.Id;
    }

    /// <summary>Writes the run again if what was written of it is lost.</summary>
    public void Check(Run run)
    {
        for (var at = run; at is not null; at = at.Branch?.From)
        {
            if (sendings.TryGetValue(at, out var sending) && !sending.Loop.IsCompleted)
            {
                continue; // it finds out by itself
            }
            sendings.AddOrUpdate(at, Begin(at, sending?.Id, sending?.Length ?? 0));
        }
    }

    private Sending Begin(Run run) => Begin(run, null, 0);

    private Sending Begin(Run run, string? id, int length)
    {
        var sending = new Sending { Id = id ?? $"{nodes.Me}-{Guid.NewGuid():N}", Length = length };
        sending.Loop = SendAsync(run, sending);
        return sending;
    }

    private async Task SendAsync(Run run, Sending sending)
    {
        await Task.Yield();
        var cutter = NewCutter();
        var waiting = new List<byte[]>();
        // A run that was sent before is only asked for its length.
        var whole = sending.Length == 0;
        using var timer = new PeriodicTimer(Tick, time);
        do
        {
            try
            {
                var over = !run.IsActive;
                if (whole && cutter.Next() is { } piece)
                {
                    waiting.Add(RoomWire.Bytes(piece));
                }
                var length = sending.Length + waiting.Count;
                if ((waiting.Count > 0 || !whole) && await nodes.AppendRunAsync(code, sending.Id, sending.Length, waiting).ConfigureAwait(false) is var now && now != length)
                {
                    // Lost, in whole or in part: from the beginning, behind whatever is left. Readers skip what they know.
                    (cutter, whole, sending.Length) = (NewCutter(), true, now);
                    waiting.Clear();
                    continue;
                }
                sending.Length = length;
                waiting.Clear();
                if (over)
                {
                    return;
                }
            }
            catch (BoardAwayException)
            {
                // What waits goes with the next tick.
            }
        }
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false));

        RunCutter NewCutter() => new(run, new(
            run.Request with { User = null, KeepLogits = false, Stops = null },
            run.Model with { Card = null, FileHashes = new Dictionary<string, string>() },
            run.Branch is { } branch ? new(Share(branch.From), branch.Sequence, branch.Position, branch.Forced) : null));
    }

    private sealed class Sending
    {
        public required string Id { get; init; }

        public int Length { get; set; }

        public Task Loop { get; set; } = Task.CompletedTask;
    }
}
