using System.Runtime.CompilerServices;
using Kl3m.Inference;

namespace Kl3m.Playground.Backends;

/// <summary>A loaded model that knows who is using it, so that it can be unloaded without cutting anybody off: first nobody new, then the last ones.</summary>
public sealed class ServedModel(ITextGenerator inner, TimeProvider time) : ITextGenerator, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource cut = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int running;
    private bool closing;
    private string? reason;

    /// <summary>What does the work; its metrics and its health are its own.</summary>
    public ITextGenerator Inner => inner;

    public ModelInfo Model => inner.Model;

    /// <summary>Generations that somebody is reading.</summary>
    public int Running => Volatile.Read(ref running);

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Enter();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, cut.Token);
            await using var events = inner.GenerateAsync(request, either.Token).GetAsyncEnumerator(CancellationToken.None);
            while (await NextAsync(events, cancellationToken))
            {
                yield return events.Current;
            }
        }
        finally
        {
            Leave();
        }
    }

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => inner.TokenizeAsync(text, cancellationToken);

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
        inner.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

    public VocabularyEntry Describe(int tokenId) => inner.Describe(tokenId);

    /// <summary>
    /// Takes no new generation, lets those that run end by themselves for as long as <paramref name="patience"/>, then ends the rest with
    /// an <see cref="EngineFailedException"/> that says why; what they wrote stands. Frees the model.
    /// </summary>
    /// <param name="because">Why, as a sentence, where it is not that the model is unloaded.</param>
    /// <returns>How many generations were cut short.</returns>
    public async Task<int> CloseAsync(TimeSpan patience, string? because = null)
    {
        lock (gate)
        {
            closing = true;
            reason ??= because;
            if (running == 0)
            {
                idle.TrySetResult();
            }
        }
        var late = 0;
        try
        {
            await idle.Task.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            late = Running;
            await cut.CancelAsync();
            // A reader that never comes back for its next event is not waited for: the engine ends its request by itself.
            await Task.WhenAny(idle.Task, Task.Delay(TimeSpan.FromSeconds(2), time));
        }
        if (inner is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        return late;
    }

    public async ValueTask DisposeAsync() => await CloseAsync(TimeSpan.Zero);

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<GenerationEvent> events, CancellationToken cancellationToken)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception exception) when (cut.IsCancellationRequested && !cancellationToken.IsCancellationRequested && exception is OperationCanceledException or EngineFailedException)
        {
            throw new EngineFailedException(reason is null ? $"{Model.Id} was unloaded while it wrote. What was written stands; another model can be picked." : $"{reason} What was written stands.", exception) { IsLeaving = true };
        }
    }

    private void Enter()
    {
        lock (gate)
        {
            if (closing)
            {
                throw new EngineFailedException(reason is null ? $"{Model.Id} is being unloaded. Pick another model, and ask again." : $"{reason} Ask again in a minute.") { IsLeaving = true };
            }
            running++;
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            if (--running == 0 && closing)
            {
                idle.TrySetResult();
            }
        }
    }
}
