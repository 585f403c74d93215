using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Kl3m.Inference.Engine;
using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Telemetry;

/// <summary>What an engine does, at one moment.</summary>
/// <param name="Running">Sequences in work; of a model elsewhere, the requests from here.</param>
/// <param name="Waiting">Requests in line.</param>
/// <param name="Tokens">Drawn since the app started.</param>
/// <param name="Step">How long a step took of late; null before the first, and of a model elsewhere.</param>
/// <param name="CacheShare">How full the room for keys and values is, 0 to 1; null of a model elsewhere.</param>
internal sealed record EngineSnapshot(int Running, int Waiting, long Tokens, TimeSpan? Step, double? CacheShare);

/// <summary>The engines' own measurements as numbers for the Models page.</summary>
internal sealed class EngineFigures : IDisposable
{
    private readonly ConcurrentDictionary<string, StrongBox<long>> tokens = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();

    public EngineFigures()
    {
        listener.InstrumentPublished = (instrument, meters) =>
        {
            if (instrument.Meter.Name == EngineMetrics.MeterName && instrument.Name == "kl3m.engine.generated_tokens")
            {
                meters.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) => Count(count, tags));
        listener.Start();
    }

    public EngineSnapshot Of(ServedModel served)
    {
        var drawn = tokens.TryGetValue(served.Model.Id, out var sum) ? Interlocked.Read(ref sum.Value) : 0;
        return served.Inner is InferenceEngine { Metrics: var metrics } engine
            ? new(metrics.Running, engine.Waiting, drawn, metrics.TypicalStep is { Ticks: > 0 } step ? step : null, metrics.Room.Tokens > 0 ? metrics.CacheShare : null)
            : new(served.Running, 0, drawn, null, null);
    }

    public void Dispose() => listener.Dispose();

    private void Count(long count, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (name, value) in tags)
        {
            if (name == "gen_ai.request.model" && value is string model)
            {
                Interlocked.Add(ref tokens.GetOrAdd(model, static _ => new()).Value, count);
            }
        }
    }
}
