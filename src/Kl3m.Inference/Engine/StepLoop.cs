using System.Collections.Concurrent;
using Kl3m.Inference.Sampling;
using Microsoft.Extensions.Logging;

namespace Kl3m.Inference.Engine;

/// <summary>The engine's one thread: takes arrivals, schedules, runs the model, reads its logits, hands out events, and again.</summary>
internal sealed class StepLoop(
    IModelRunner runner,
    Scheduler scheduler,
    LogitsReader reader,
    BlockingCollection<SequenceGroup> arrivals,
    EngineMetrics metrics,
    ILogger log)
{
    /// <summary>A runner that fails this often in a row will not recover.</summary>
    private const int MaxFailures = 3;

    private int failures;

    /// <summary>Runs one token, so that the first request does not pay for what the runner sets up on first use.</summary>
    public void WarmUp()
    {
        var slot = runner.TryAcquire(1) ?? throw new EngineFailedException("There is no room for a single token; raise Engine:KvCacheBytes.");
        runner.Run([new(slot, 0, new int[1], LogitsWanted.Last)], reader.Buffer(1));
        runner.Release(slot);
    }

    /// <exception cref="EngineFailedException">The runner fails again and again.</exception>
    /// <exception cref="OperationCanceledException">The engine is to stop.</exception>
    public void Run(CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            TakeArrivals(stop);
            DropCancelled();
            StopSequences();
            var step = scheduler.Schedule();
            Refuse(step);
            scheduler.TellPlaces(metrics.TypicalStep);
            metrics.TakenOver(step.TokensTakenOver);
            if (step.Tokens > 0)
            {
                Note();
                metrics.StepStarted();
                Run(step);
                metrics.StepEnded();
            }
            Note();
        }
    }

    /// <summary>Tells all callers that it is over. Their slots stay: the runner goes next, and may be what is broken.</summary>
    public void EndAll(Func<Exception> reason)
    {
        foreach (var group in scheduler.Groups.Where(group => !group.HasEnded))
        {
            group.End(reason());
        }
    }

    private void Note() => metrics.Held(scheduler.SlotsHeld, scheduler.TokensHeld, runner.BlocksUsed, scheduler.PrefixesKept);

    private void TakeArrivals(CancellationToken stop)
    {
        // A cancelled request needs no wake-up: while there is one, the loop goes round.
        var patience = scheduler.Groups.Any() ? 0 : Timeout.Infinite;
        if (patience != 0)
        {
            metrics.Idle();
        }
        while (arrivals.TryTake(out var group, patience, stop))
        {
            scheduler.Add(group);
            patience = 0;
        }
    }

    private void DropCancelled()
    {
        foreach (var group in scheduler.Groups.Where(group => group.IsCancelled).ToList())
        {
            End(group);
        }
    }

    private void StopSequences()
    {
        foreach (var group in scheduler.Groups.Where(group => group is { IsPromptRead: true, Request.Stops: not null }).ToList())
        {
            foreach (var sequence in group.Sequences.Where(sequence => !sequence.HasFinished && group.Request.Stops!.Contains(sequence.Index)))
            {
                sequence.Stop();
                scheduler.Release(sequence);
            }
            if (group.HasFinished)
            {
                End(group);
            }
        }
    }

    private void Refuse(Step step)
    {
        foreach (var (group, reason) in step.Refused)
        {
            log.RequestRefused(reason);
            End(group, reason);
        }
    }

    private void Run(Step step)
    {
        List<LogitRow> rows;
        try
        {
            runner.Run(step.Chunks, reader.Buffer(step.LogitRows));
            rows = Advance(step);
            failures = 0;
        }
        catch (Exception failure)
        {
            Fail(step, failure);
            return;
        }
        reader.Read(rows);
        Report(step, rows);
    }

    /// <summary>Notes what has been computed; returns what is to be read from the logits.</summary>
    private List<LogitRow> Advance(Step step)
    {
        var rows = new List<LogitRow>();
        var end = 0;
        foreach (var (sequence, chunk) in step.Items)
        {
            var group = sequence.Group;
            var start = end;
            end += chunk.LogitRows;
            sequence.Computed += chunk.TokenIds.Length;
            if (chunk.Wanted == LogitsWanted.All)
            {
                // Logits are about the token behind: those of the prompt's last token are for the first draw.
                var scored = Math.Min(chunk.TokenIds.Length, group.Prompt.Length - 1 - chunk.Start);
                rows.AddRange(Enumerable.Range(0, scored).Select(i => new LogitRow(start + i, sequence, chunk.Start + i + 1)));
            }
            if (group.IsPromptRead && group.MaxTokens > 0)
            {
                var drawn = chunk.Start < group.Prompt.Length ? SharePrompt(group) : [sequence];
                rows.AddRange(drawn.Select(each => new LogitRow(end - 1, each, null)));
            }
        }
        return rows;
    }

    /// <summary>The prompt was read once, in the first sequence's slot; the others get a copy and draw from the same logits.</summary>
    private IReadOnlyList<Sequence> SharePrompt(SequenceGroup group)
    {
        var first = group.Sequences[0];
        foreach (var other in group.Sequences.Skip(1))
        {
            runner.CopyPrefix(first.Slot!.Value, other.Slot!.Value, group.Prompt.Length);
            other.Computed = first.Computed;
        }
        return group.Sequences;
    }

    private void Report(Step step, List<LogitRow> rows)
    {
        foreach (var row in rows)
        {
            if (row.Error is { } error)
            {
                Fail(row.Sequence.Group, error);
            }
        }
        foreach (var (sequence, chunk) in step.Items)
        {
            if (sequence.Group is { HasEnded: false } group && chunk.Start < group.Prompt.Length)
            {
                metrics.PromptRead(chunk.TokenIds.Length);
                group.PromptRead(chunk.Start + chunk.TokenIds.Length);
            }
        }
        foreach (var row in rows)
        {
            if (row is { Drawn: { } token, Sequence: { Group.HasEnded: false } sequence })
            {
                Append(sequence, token);
            }
        }
        foreach (var (sequence, _) in step.Items)
        {
            if (sequence.Group.HasFinished)
            {
                End(sequence.Group);
            }
        }
    }

    private void Append(Sequence sequence, SampledToken token)
    {
        metrics.TokenGenerated();
        try
        {
            sequence.Append(token);
        }
        catch (Exception error)
        {
            Fail(sequence.Group, error);
        }
        if (sequence.HasFinished)
        {
            scheduler.Release(sequence);
        }
    }

    private void Fail(SequenceGroup group, Exception error)
    {
        if (!group.HasEnded)
        {
            log.SamplingFailed(error);
            End(group, new EngineFailedException($"Sampling failed: {error.Message}", error));
        }
    }

    private void Fail(Step step, Exception failure)
    {
        log.StepFailed(failure, step.Items.Count, step.Tokens);
        metrics.StepFailed();
        foreach (var (sequence, _) in step.Items)
        {
            sequence.Settle();
        }
        foreach (var (sequence, _) in step.Items)
        {
            End(sequence.Group, new EngineFailedException($"A step of the engine failed: {failure.Message}", failure));
        }
        if (++failures == MaxFailures)
        {
            throw new EngineFailedException($"{MaxFailures} steps failed in a row: {failure.Message}", failure);
        }
    }

    /// <summary>The one way out: frees everything and tells the caller, once.</summary>
    private void End(SequenceGroup group, Exception? error = null)
    {
        if (!group.HasEnded)
        {
            scheduler.Remove(group, keep: error is null);
            group.End(error);
            metrics.RequestEnded(group, error);
        }
    }
}
