using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Kl3m.Inference.Sampling;
using Kl3m.Inference.Tokenization;
using Microsoft.Extensions.Logging;

namespace Kl3m.Inference.Engine;

/// <summary>
/// Continues prompts with a model in this process. One thread of its own makes the runner, owns it and runs every step; requests of all
/// callers share the steps. Callers are only ever handed ids, numbers and texts.
/// </summary>
public sealed class InferenceEngine : ITextGenerator, IAsyncDisposable
{
    private readonly Func<IModelRunner> createRunner;
    private readonly Tokenizer tokenizer;
    private readonly EngineOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<InferenceEngine> log;
    private readonly CheckedTokenizer texts;
    private readonly WaitingLine line;
    private readonly BlockingCollection<SequenceGroup> arrivals = [];
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? thread;

    /// <param name="createRunner">Called on the engine's thread, which also disposes what it returns.</param>
    public InferenceEngine(
        Func<IModelRunner> createRunner, Tokenizer tokenizer, ModelInfo model, EngineOptions options, TimeProvider time, ILogger<InferenceEngine> logger)
    {
        this.createRunner = createRunner;
        this.tokenizer = tokenizer;
        this.options = options;
        this.time = time;
        log = logger;
        Model = model;
        texts = new(tokenizer, model, options);
        line = new(options.MaxWaiting, options.MaxWaitingPerUser, time);
        Metrics = new(model.Id, () => line.Waiting, time);
    }

    public ModelInfo Model { get; internal set; }

    public EngineMetrics Metrics { get; }

    /// <summary>Requests that wait for room.</summary>
    public int Waiting => line.Waiting;

    /// <summary>True from the end of the start until the engine stops, by itself or because it was told to.</summary>
    public bool IsHealthy => started.Task.IsCompletedSuccessfully && !ended.Task.IsCompleted && !stop.IsCancellationRequested;

    /// <summary>True while there is work and no step has ended for <see cref="EngineOptions.StallAfter"/>.</summary>
    public bool IsStalled => IsHealthy && Metrics.WithoutProgress > options.StallAfter;

    /// <summary>Completes when the model is loaded and has run once; fails with what making the runner failed with.</summary>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        var engine = new Thread(RunThread) { IsBackground = true, Name = "Inference engine" };
        if (Interlocked.CompareExchange(ref thread, engine, null) is not null)
        {
            throw new InvalidOperationException("The engine was started before.");
        }
        engine.Start();
        try
        {
            await started.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(
        GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // A long prompt takes a while to encode: not on the caller's thread, which may be a page's.
        var group = await Task.Run(() => Submit(request), CancellationToken.None).ConfigureAwait(false);
        try
        {
            await foreach (var occurred in group.Events.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return occurred;
            }
        }
        finally
        {
            group.Cancel();
        }
    }

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => texts.TokenizeAsync(text, cancellationToken);

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
        texts.DetokenizeAsync(tokenIds, skipSpecialTokens);

    public VocabularyEntry Describe(int tokenId) => texts.Describe(tokenId);

    /// <summary>Ends what is running with an <see cref="EngineFailedException"/> and waits for the thread to give the model back.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        if (thread is not null)
        {
            await ended.Task.ConfigureAwait(false);
        }
        Metrics.Dispose();
    }

    private SequenceGroup Submit(GenerationRequest request)
    {
        if (!IsHealthy)
        {
            throw Stopped();
        }
        // The place in the line comes first: a crowd that can't be served is not encoded either.
        var user = line.Enter(request.User);
        try
        {
            var prompt = texts.Limits.Check(request);
            var seed = request.Sampling.Seed ?? SeededRandom.NewSeed();
            var group = new SequenceGroup(request, prompt, seed, Model.EndTokenIds, user, line, time);
            group.Write(new GenerationStarted(prompt[..^group.WrittenBefore], seed));
            log.RequestTaken(prompt.Length, request.Sampling.Sequences, group.MaxTokens, seed);
            log.Prompt(request.Prompt);
            request.Stops?.Hear();
            Metrics.WorkArrived();
            arrivals.Add(group);
            return group;
        }
        catch (InvalidOperationException) when (arrivals.IsAddingCompleted)
        {
            line.Leave(user);
            throw Stopped();
        }
        catch
        {
            line.Leave(user);
            throw;
        }
    }

    private void RunThread()
    {
        try
        {
            using var runner = createRunner();
            RunSteps(runner);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            started.TrySetCanceled(stop.Token);
        }
        catch (Exception failure)
        {
            log.Stopped(failure);
            started.TrySetException(failure);
        }
        finally
        {
            arrivals.CompleteAdding();
            while (arrivals.TryTake(out var group))
            {
                group.End(Stopped());
            }
            ended.SetResult();
        }
    }

    private void RunSteps(IModelRunner runner)
    {
        var settled = options.On(Model.Device);
        texts.Limits.Room = Metrics.Room = runner.Room;
        var scheduler = new Scheduler(runner, tokenizer, settled);
        var reader = new LogitsReader(runner.VocabularySize, options.Threads > 0 ? options.Threads : Environment.ProcessorCount);
        var loop = new StepLoop(runner, scheduler, reader, arrivals, Metrics, log);
        loop.WarmUp();
        log.Ready(Model.Id, Model.Device, Model.Dtype, settled.TokenBudget);
        started.TrySetResult();
        try
        {
            loop.Run(stop.Token);
        }
        catch (Exception failure)
        {
            loop.EndAll(() => Stopped(failure is OperationCanceledException ? null : failure));
            throw;
        }
    }

    private static EngineFailedException Stopped(Exception? cause = null) =>
        new(cause is null ? "The engine is not running." : $"The engine has stopped: {cause.Message}", cause);
}
