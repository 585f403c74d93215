using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Kl3m.Inference.Engine;
using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Telemetry;

/// <summary>What an engine has done and does, at one moment.</summary>
/// <param name="Running">Sequences in work.</param>
/// <param name="Waiting">Requests in line.</param>
/// <param name="Tokens">Drawn since it was loaded.</param>
/// <param name="Steps">Since it was loaded.</param>
/// <param name="StepTime">Of all these steps.</param>
/// <param name="CacheShare">How full the room for keys and values is, 0 to 1; null where the engine does not tell.</param>
internal sealed record EngineSnapshot(int Running, int Waiting, long Tokens, long Steps, TimeSpan StepTime, double? CacheShare);

/// <summary>The engines' own measurements as numbers for the Models page.</summary>
internal sealed class EngineFigures : IDisposable
{
    private readonly ConcurrentDictionary<string, Sums> models = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();

    public EngineFigures()
    {
        listener.InstrumentPublished = (instrument, meters) =>
        {
            if (instrument.Meter.Name == EngineMetrics.MeterName && instrument.Name is "kl3m.engine.generated_tokens" or "kl3m.engine.step.duration")
            {
                meters.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, tokens, tags, _) => Interlocked.Add(ref Of(tags).Tokens, tokens));
        listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) =>
        {
            var sums = Of(tags);
            Interlocked.Increment(ref sums.Steps);
            Interlocked.Add(ref sums.StepTicks, (long)(seconds * TimeSpan.TicksPerSecond));
        });
        listener.Start();
    }

    public EngineSnapshot Of(ServedModel served)
    {
        var sums = models.GetValueOrDefault(served.Model.Id) ?? new();
        var engine = served.Inner as InferenceEngine;
        return new(engine?.Metrics.Running ?? served.Running, engine?.Waiting ?? 0,
            Interlocked.Read(ref sums.Tokens), Interlocked.Read(ref sums.Steps), new(Interlocked.Read(ref sums.StepTicks)), engine?.Metrics.CacheShare);
    }

    public void Dispose() => listener.Dispose();

    private Sums Of(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (name, value) in tags)
        {
            if (name == "gen_ai.request.model" && value is string model)
            {
                return models.GetOrAdd(model, static _ => new());
            }
        }
        return models.GetOrAdd("", static _ => new());
    }

    private sealed class Sums
    {
        public long Tokens;
        public long Steps;
        public long StepTicks;
    }
}
