using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

internal sealed partial class PlaygroundState
{
    private async Task RunAsync(GenerationRequest request)
    {
        waiting?.Cancel();
        if (string.IsNullOrEmpty(request.Prompt) && request.PromptTokenIds is null)
        {
            refused = [SamplingProblems.EmptyPrompt];
        }
        if (Problems is [var first, ..])
        {
            Announcement = first.Sentence;
            Changed?.Invoke();
            return;
        }
        var generator = Generator!;
        var (lastRun, lastSelected) = (Run, Selected);
        var run = runs.Start(request, generator.Model);
        using var cancellation = new CancellationTokenSource();
        (Run, Selected, running) = (run, null, cancellation);
        Announcement = "";
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
            (Run, Selected) = (lastRun, lastSelected);
            refused = SamplingProblems.From(mistake, Settings, PromptTokens, generator.Model);
            Announcement = string.Join(' ', refused.Select(problem => problem.Sentence));
        }
        catch (EngineBusyException busy)
        {
            (Run, Selected) = (lastRun, lastSelected);
            Announcement = busy.Message;
            _ = AskAgainAsync(request, busy);
        }
        finally
        {
            running = null;
            Changed?.Invoke();
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
            await foreach (var happened in generator.GenerateAsync(run.Request, cancellationToken))
            {
                run.Record(happened);
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

    private async Task AskAgainAsync(GenerationRequest request, EngineBusyException busy)
    {
        using var cancellation = new CancellationTokenSource();
        waiting = cancellation;
        try
        {
            var until = time.GetUtcNow() + busy.RetryAfter;
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
            for (var left = busy.RetryAfter; left > TimeSpan.Zero; left = until - time.GetUtcNow())
            {
                Waiting = new(busy.Waiting, (int)Math.Ceiling(left.TotalSeconds));
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
            await RunAsync(request);
        }
    }

    [LoggerMessage(LogLevel.Error, "A generation failed unexpectedly")]
    private partial void LogUnexpected(Exception error);
}

/// <summary>The engine's queue is full.</summary>
/// <param name="InLine">How many wait in it.</param>
/// <param name="Seconds">Until the state asks again.</param>
internal readonly record struct Waiting(int InLine, int Seconds);
