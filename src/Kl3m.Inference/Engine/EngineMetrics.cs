using System.Diagnostics.Metrics;

namespace Kl3m.Inference.Engine;

/// <summary>
/// The engine's instruments, of the meter <see cref="MeterName"/>: OpenTelemetry's gen_ai names where they exist
/// (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/, in development), else <c>kl3m.engine.*</c>.
/// Also when the last step ended, for whoever watches that steps go on.
/// </summary>
public sealed class EngineMetrics : IDisposable
{
    public const string MeterName = "Kl3m.Inference";

    private readonly KeyValuePair<string, object?> model;
    private readonly TimeProvider time;
    private readonly Histogram<double> timeToFirstToken;
    private readonly Histogram<double> timePerOutputToken;
    private readonly Histogram<double> requestDuration;
    private readonly Histogram<double> queueDuration;
    private readonly Histogram<double> stepDuration;
    private readonly Counter<long> promptTokens;
    private readonly Counter<long> generatedTokens;
    private readonly Counter<long> takenOver;
    private readonly Counter<long> cancelled;
    private readonly Counter<long> failedSteps;
    private long stepStarted;
    private long lastStep;
    private long progress;
    private double typicalStep;
    private int running;
    private long tokensHeld;
    private int blocksUsed;
    private int prefixesKept;

    internal EngineMetrics(string modelId, Func<int> waiting, TimeProvider time)
    {
        model = new("gen_ai.request.model", modelId);
        this.time = time;
        timeToFirstToken = Meter.CreateHistogram<double>("gen_ai.server.time_to_first_token", "s", "From the request to its first token.");
        timePerOutputToken = Meter.CreateHistogram<double>("gen_ai.server.time_per_output_token", "s", "Per token of a sequence, after the first.");
        requestDuration = Meter.CreateHistogram<double>("gen_ai.server.request.duration", "s", "From the request to its end.");
        queueDuration = Meter.CreateHistogram<double>("kl3m.engine.queue.duration", "s", "From the request to its first step.");
        stepDuration = Meter.CreateHistogram<double>("kl3m.engine.step.duration", "s", "One pass through the model, sampling included.");
        promptTokens = Meter.CreateCounter<long>("kl3m.engine.prompt_tokens", "{token}", "Prompt tokens read.");
        takenOver = Meter.CreateCounter<long>("kl3m.engine.prefix_hit_tokens", "{token}", "Prompt tokens that were in memory already and not read again.");
        generatedTokens = Meter.CreateCounter<long>("kl3m.engine.generated_tokens", "{token}", "Tokens drawn.");
        cancelled = Meter.CreateCounter<long>("kl3m.engine.cancelled_requests", "{request}", "Requests whose caller went away.");
        failedSteps = Meter.CreateCounter<long>("kl3m.engine.failed_steps", "{step}", "Steps that failed.");
        Meter.CreateObservableGauge("kl3m.engine.waiting", () => new Measurement<int>(waiting(), model), "{request}", "Requests that wait for room.");
        Meter.CreateObservableGauge("kl3m.engine.running", () => new Measurement<int>(Running, model), "{sequence}", "Sequences in work.");
        Meter.CreateObservableGauge("kl3m.engine.kv_cache.tokens", () => new Measurement<long>(Volatile.Read(ref tokensHeld), model), "{token}", "Keys and values of sequences in work.");
        Meter.CreateObservableGauge("kl3m.engine.kv_cache.blocks_used", () => new Measurement<int>(Volatile.Read(ref blocksUsed), model), "{block}", "Blocks held or reserved, kept prefixes included.");
        Meter.CreateObservableGauge("kl3m.engine.kv_cache.blocks", () => new Measurement<int>(Room.Blocks, model), "{block}", "Blocks of the memory for keys and values.");
        Meter.CreateObservableGauge("kl3m.engine.prefixes", () => new Measurement<int>(Volatile.Read(ref prefixesKept), model), "{sequence}", "Sequences kept for requests that begin the same.");
    }

    /// <summary>This engine's own meter; another engine has another of the same name.</summary>
    internal Meter Meter { get; } = new(MeterName);

    /// <summary>Sequences in work.</summary>
    public int Running => Volatile.Read(ref running);

    /// <summary>Memory for keys and values; nothing before the engine has started.</summary>
    public CacheRoom Room { get; internal set; }

    /// <summary>Tokens whose keys and values are held by sequences in work.</summary>
    public long TokensHeld => Volatile.Read(ref tokensHeld);

    /// <summary>The same as a share of the memory, 0 to 1.</summary>
    public double CacheShare => Room.Tokens > 0 ? Math.Min((double)TokensHeld / Room.Tokens, 1) : 0;

    /// <summary>How long a step took of late; zero before the first.</summary>
    public TimeSpan TypicalStep => TimeSpan.FromSeconds(Volatile.Read(ref typicalStep));

    /// <summary>How long no step has ended while there was work; zero while there is none.</summary>
    public TimeSpan WithoutProgress => Interlocked.Read(ref progress) is > 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>When the last step ended, failed ones included; null before the first.</summary>
    public DateTimeOffset? LastStepAt => Interlocked.Read(ref lastStep) is > 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

    /// <summary>How long the step in hand has been going on; zero between steps.</summary>
    public TimeSpan CurrentStep => Interlocked.Read(ref stepStarted) is > 0 and var since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    public void Dispose() => Meter.Dispose();

    internal void Held(int slots, long tokens, int blocks, int prefixes)
    {
        Volatile.Write(ref running, slots);
        Volatile.Write(ref tokensHeld, tokens);
        Volatile.Write(ref blocksUsed, blocks);
        Volatile.Write(ref prefixesKept, prefixes);
    }

    /// <summary>A request is on its way to the engine's thread, which may be at rest.</summary>
    internal void WorkArrived() => Interlocked.CompareExchange(ref progress, Math.Max(time.GetTimestamp(), 1), 0);

    internal void Idle() => Interlocked.Exchange(ref progress, 0);

    internal void StepStarted() => Interlocked.Exchange(ref stepStarted, time.GetTimestamp());

    internal void StepEnded()
    {
        var seconds = CurrentStep.TotalSeconds;
        stepDuration.Record(seconds, model);
        Volatile.Write(ref typicalStep, typicalStep == 0 ? seconds : typicalStep * 0.9 + seconds * 0.1);
        Interlocked.Exchange(ref progress, Math.Max(time.GetTimestamp(), 1));
        Interlocked.Exchange(ref lastStep, time.GetUtcNow().Ticks);
        Interlocked.Exchange(ref stepStarted, 0);
    }

    internal void StepFailed() => failedSteps.Add(1, model);

    internal void PromptRead(int tokens) => promptTokens.Add(tokens, model);

    internal void TakenOver(int tokens)
    {
        if (tokens > 0)
        {
            takenOver.Add(tokens, model);
        }
    }

    internal void TokenGenerated() => generatedTokens.Add(1, model);

    internal void RequestEnded(SequenceGroup group, Exception? error)
    {
        if (group.IsCancelled && !group.HasFinished)
        {
            cancelled.Add(1, model);
            return;
        }
        KeyValuePair<string, object?>[] tags = error is null ? [model] : [model, new("error.type", error.GetType().Name)];
        queueDuration.Record(group.Queued.TotalSeconds, model);
        requestDuration.Record(group.Elapsed.TotalSeconds, tags);
        if (group.FirstToken is { } first)
        {
            timeToFirstToken.Record(first.TotalSeconds, model);
            var steps = group.Sequences.Max(sequence => sequence.Written) - 1;
            if (steps > 0 && error is null)
            {
                timePerOutputToken.Record((group.Elapsed - first).TotalSeconds / steps, model);
            }
        }
    }
}
