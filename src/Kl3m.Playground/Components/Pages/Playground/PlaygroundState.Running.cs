using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

internal sealed partial class PlaygroundState
{
    private Task current = Task.CompletedTask;

    /// <param name="branch">Where it leaves another run; then the settings are that run's, and not the panel's.</param>
    private Task RunAsync(GenerationRequest request, Branch? branch = null) => current = RunToEndAsync(request, branch);

    private async Task RunToEndAsync(GenerationRequest request, Branch? branch)
    {
        waiting?.Cancel();
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
        var generator = Generator!;
        var (lastRun, lastSelected) = (Run, Selected);
        request = request with { Stops = request.Stops ?? new() };
        var run = runs.Start(request, generator.Model, branch);
        using var cancellation = new CancellationTokenSource();
        Remember();
        (Run, Selected, running) = (run, branch is { Forced.Count: > 0 } ? new(branch.Sequence, branch.Position) : null, cancellation);
        Announcement = "";
        Pace.Begin(request.CompletionTokenIds.Count);
        Changed?.Invoke();

        var writing = Task.Run(() => RecordAsync(run, generator, cancellation.Token), CancellationToken.None);
        try
        {
            await ShowAsync(run, writing);
            await writing;
        }
        catch (InvalidRequestException mistake)
        {
            // Nothing was started: what stood on the page stays there.
            GoBack(run, lastRun, lastSelected);
            refused = SamplingProblems.From(mistake, Settings, PromptTokens, generator.Model);
            Announcement = string.Join(' ', refused.Select(problem => problem.Sentence));
        }
        catch (EngineBusyException busy)
        {
            GoBack(run, lastRun, lastSelected);
            Announcement = busy.Message;
            _ = AskAgainAsync(request, branch, busy);
        }
        finally
        {
            running = null;
            Changed?.Invoke();
        }
    }

    private void GoBack(Run refusedRun, Run? lastRun, SelectedToken? lastSelected)
    {
        runs.Forget(refusedRun);
        if (Run == refusedRun)
        {
            (Run, Selected) = (lastRun, lastSelected);
            history.TakeBack();
        }
    }

    /// <summary>Looks at the run once a tick for as long as it is written.</summary>
    private async Task ShowAsync(Run run, Task writing)
    {
        using var timer = new PeriodicTimer(Tick, time);
        var shown = -1;
        while (!writing.IsCompleted)
        {
            var tick = timer.WaitForNextTickAsync().AsTask();
            await Task.WhenAny(tick, writing);
            if (run.Version != shown)
            {
                shown = run.Version;
                TellPlace(run.Queued);
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
    private async Task RecordAsync(Run run, ITextGenerator generator, CancellationToken cancellationToken)
    {
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
        catch (Exception error) when (error is not (InvalidRequestException or EngineBusyException))
        {
            // The edge: whatever the engine or a remote server came to grief on is told in the card, and the page lives on.
            if (error is not EngineFailedException)
            {
                LogUnexpected(error);
            }
            run.Fail(error);
        }
    }

    private async Task AskAgainAsync(GenerationRequest request, Branch? branch, EngineBusyException busy)
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
            await RunAsync(request, branch);
        }
    }

    [LoggerMessage(LogLevel.Error, "A generation failed unexpectedly")]
    private partial void LogUnexpected(Exception error);
}

/// <summary>The engine's queue is full.</summary>
/// <param name="InLine">How many wait in it.</param>
/// <param name="Seconds">Until the state asks again.</param>
/// <param name="Reason">What else it waits for: a room's limit, say.</param>
internal readonly record struct Waiting(int InLine, int Seconds, string? Reason = null);
