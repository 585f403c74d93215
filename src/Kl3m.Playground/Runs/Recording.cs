using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>Has a generator write a run.</summary>
internal static class Recording
{
    /// <summary>
    /// Records every event until the generator is done. Whatever comes between is told by the run itself (stopped, or failed and why), so
    /// that the caller need only look at it. To be called beside the page's thread: it runs as fast as the engine writes.
    /// </summary>
    /// <param name="unforeseen">Hears of an error that no generator should end with.</param>
    public static async Task RecordAsync(this Run run, ITextGenerator generator, Action<Exception> unforeseen, CancellationToken cancellationToken)
    {
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
        catch (Exception error)
        {
            if (error is not (EngineFailedException or InvalidRequestException or EngineBusyException))
            {
                unforeseen(error);
            }
            run.Fail(error);
        }
    }
}
