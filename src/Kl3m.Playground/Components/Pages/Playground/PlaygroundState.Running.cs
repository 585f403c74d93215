using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

internal sealed partial class PlaygroundState
{
    private Task current = Task.CompletedTask;
    private IReadOnlyList<Run> written = [];

    /// <param name="parts">One request, or, where several continuations go on from tokens of their own, one for each; the page shows the last one's run.</param>
    private Task RunAsync(ITextGenerator generator, params IReadOnlyList<Part> parts) => current = RunToEndAsync(generator, parts);

    private async Task RunToEndAsync(ITextGenerator generator, IReadOnlyList<Part> parts)
    {
        waiting?.Cancel();
        hindrance = null;
        var (request, branch) = (parts[^1].Request, parts[^1].Branch);
        if (string.IsNullOrEmpty(request.Prompt) && request.PromptTokenIds is null)
        {
            refused = [SamplingProblems.EmptyPrompt];
        }
        if (branch is null && Problems is [var first, ..])
        {
            Announcement = first.Sentence;
            Changed?.Invoke();
            return;
        }
        parts = [.. parts.Select(part => part with { Request = part.Request with { Stops = part.Request.Stops ?? new() } })];
        var (lastRun, lastSelected, lastSeed) = (Run, Selected, Sampling.Seed);
        var started = Start(parts, generator.Model);
        var run = started[^1];
        using var cancellation = new CancellationTokenSource();
        Remember();
        // Only now: a new seed belongs to the run, and is undone with it.
        Sampling = branch is null ? Sampling with { Seed = request.Sampling.Seed } : Sampling;
        (Run, Selected, running, written, steeredBy) = (run, branch is { Forced.Count: > 0 } ? new(branch.Sequence, branch.Position) : null, cancellation, started, Sampling);
        Announcement = "";
        Pace.Begin(parts.Max(part => part.Request.CompletionTokenIds.Count));
        Changed?.Invoke();

        var writing = Task.WhenAll(started.Select(one => Task.Run(() => RecordAsync(one, generator, cancellation), CancellationToken.None)));
        try
        {
            await ShowAsync(started, writing);
            await writing;
        }
        catch (InvalidRequestException mistake)
        {
            // Nothing was started: what stood on the page stays there.
            GoBack(started, lastRun, lastSelected, lastSeed);
            refused = SamplingProblems.From(mistake, Settings, PromptTokens, generator.Model);
            Announcement = string.Join(' ', refused.Select(problem => problem.Sentence));
        }
        catch (EngineBusyException busy)
        {
            GoBack(started, lastRun, lastSelected, lastSeed);
            Announcement = busy.Message;
            _ = AskAgainAsync(generator, parts, busy);
        }
        finally
        {
            running = null;
            if (!steering)
            {
                Changed?.Invoke();
            }
        }
    }

    private List<Run> Start(IReadOnlyList<Part> parts, ModelInfo info)
    {
        var started = new List<Run>();
        foreach (var part in parts)
        {
            // Each shows what those before it write.
            var branch = part.Branch is { } own && started is [.., var before] ? own with { From = before } : part.Branch;
            started.Add(runs.Start(part.Request, info, branch));
        }
        return started;
    }

    private void GoBack(List<Run> refusedRuns, Run? lastRun, SelectedToken? lastSelected, ulong? lastSeed)
    {
        refusedRuns.ForEach(runs.Forget);
        if (Run == refusedRuns[^1])
        {
            (Run, Selected, Sampling) = (lastRun, lastSelected, Sampling with { Seed = lastSeed });
            history.TakeBack();
        }
    }

    /// <summary>Looks at what is written once a tick.</summary>
    private async Task ShowAsync(IReadOnlyList<Run> started, Task writing)
    {
        using var timer = new PeriodicTimer(Tick, time);
        var shown = -1;
        while (!writing.IsCompleted)
        {
            var tick = timer.WaitForNextTickAsync().AsTask();
            await Task.WhenAny(tick, writing);
            if (started.Sum(run => run.Version) is var version && version != shown)
            {
                shown = version;
                TellPlace(started[^1].Queued);
                Ticked?.Invoke();
            }
        }
    }

    private void TellPlace(GenerationQueued? queued)
    {
        var words = queued is null ? "" : $"{LinePlace.Words(queued.Place, queued.Estimate)}.";
        if (words != Announcement)
        {
            Announcement = words;
            Changed?.Invoke();
        }
    }

    /// <summary>Runs beside the page's thread, as fast as the engine writes.</summary>
    private async Task RecordAsync(Run run, ITextGenerator generator, CancellationTokenSource cancellation)
    {
        var cancellationToken = cancellation.Token;
        writers.AddOrUpdate(run, generator);
        try
        {
            if (EndsByItself(run))
            {
                return;
            }
            await foreach (var held in Pace.FollowAsync(run, generator.GenerateAsync(run.Request, cancellationToken), cancellationToken))
            {
                run.Record(held);
            }
            if (run.IsActive)
            {
                run.Fail(new EngineFailedException("The engine ended without a word. What was written stands."));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            run.Cancel();
        }
        catch (Exception error) when (error is InvalidRequestException or EngineBusyException)
        {
            // Those beside it are not written alone.
            await cancellation.CancelAsync();
            throw;
        }
        catch (Exception error)
        {
            // The edge: whatever the engine or a remote server came to grief on is told in the card, and the page lives on.
            if (error is not EngineFailedException)
            {
                LogUnexpected(error);
            }
            run.Fail(error);
        }
    }

    private async Task AskAgainAsync(ITextGenerator generator, IReadOnlyList<Part> parts, EngineBusyException busy)
    {
        using var cancellation = new CancellationTokenSource();
        waiting = cancellation;
        try
        {
            var until = time.GetUtcNow() + busy.RetryAfter;
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
            for (var left = busy.RetryAfter; left > TimeSpan.Zero; left = until - time.GetUtcNow())
            {
                Waiting = new(busy.Waiting, (int)Math.Ceiling(left.TotalSeconds), busy.Reason);
                Changed?.Invoke();
                await timer.WaitForNextTickAsync(cancellation.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        finally
        {
            Waiting = null;
            waiting = null;
            Changed?.Invoke();
        }
        if (CanGenerate)
        {
            await RunAsync(generator, parts);
        }
    }

    /// <param name="Branch">Where it leaves another run; then the settings are that run's, and not the panel's.</param>
    private sealed record Part(GenerationRequest Request, Branch? Branch = null);

    [LoggerMessage(LogLevel.Error, "A generation failed unexpectedly")]
    private partial void LogUnexpected(Exception error);
}

/// <summary>The engine's queue is full.</summary>
/// <param name="InLine">How many wait in it.</param>
/// <param name="Seconds">Until the state asks again.</param>
/// <param name="Reason">What else it waits for: a room's limit, say.</param>
internal readonly record struct Waiting(int InLine, int Seconds, string? Reason = null);
