using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Benchmarks.Crowd;

/// <summary>An engine in this process.</summary>
internal sealed class EngineCrowd : IAsyncDisposable
{
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<string, double> metrics = [];
    private InferenceEngine? engine;

    private EngineCrowd()
    {
        listener.InstrumentPublished = (instrument, meters) =>
        {
            if (instrument.Meter.Name == EngineMetrics.MeterName)
            {
                meters.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Note(instrument, value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Note(instrument, value));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => Note(instrument, 1));
        listener.Start();
    }

    public static async Task<EngineCrowd> LoadAsync(string folder, EngineOptions options)
    {
        var crowd = new EngineCrowd();
        crowd.engine = await EngineLoader.LoadAsync(folder, "crowd", options, TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        return crowd;
    }

    public Crowd Crowd => new(AskAsync, () =>
    {
        listener.RecordObservableInstruments();
        return Task.FromResult<IReadOnlyDictionary<string, double>>(new Dictionary<string, double>(metrics));
    });

    public async ValueTask DisposeAsync()
    {
        if (engine is not null)
        {
            await engine.DisposeAsync();
        }
        listener.Dispose();
    }

    private async IAsyncEnumerable<int> AskAsync(int client, CrowdRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var asked = new GenerationRequest
        {
            Prompt = request.Prompt,
            User = $"client {client}",
            Sampling = new() { MaxTokens = request.MaxTokens, Sequences = request.Sequences, Seed = request.Seed, StopAtEnd = false },
        };
        await foreach (var happened in engine!.GenerateAsync(asked, cancellationToken))
        {
            if (happened is TokenGenerated)
            {
                yield return 1;
            }
        }
    }

    // Counters and histograms add up (histograms to how many values there were), gauges are the last value.
    private void Note(Instrument instrument, double value)
    {
        var name = instrument.Name.Replace('.', '_') + (instrument is Counter<long> ? "_total" : instrument is Histogram<double> ? "_seconds_count" : "");
        metrics.AddOrUpdate(name, value, (_, before) => instrument.IsObservable ? value : before + value);
    }
}
