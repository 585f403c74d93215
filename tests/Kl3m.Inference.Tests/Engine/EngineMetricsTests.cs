using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Kl3m.Inference.Engine;

namespace Kl3m.Inference.Tests.Engine;

public sealed class EngineMetricsTests
{
    [Fact]
    public async Task What_was_done_is_counted()
    {
        var sums = new ConcurrentDictionary<string, double>();
        await using var engine = await TestEngine.StartAsync(options: new() { TokenBudget = 16 });
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, all) =>
            {
                if (instrument.Meter == engine.Engine.Metrics.Meter)
                {
                    all.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => sums.AddOrUpdate(instrument.Name, 1, (_, count) => count + 1));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => sums[instrument.Name] = value);
        listener.Start();

        var events = await engine.RunAsync(TestEngine.Request(new string('p', 20), maxTokens: 4, sequences: 2));
        await Assert.ThrowsAnyAsync<InvalidRequestException>(() => engine.RunAsync(TestEngine.Request("")));
        await engine.RunAsync(TestEngine.Request(new string('p', 30), maxTokens: 0));
        await engine.Runner.AllReleased();
        await engine.DisposeAsync(); // the last step has been counted when the thread has ended
        listener.RecordObservableInstruments();

        Assert.Equal(20 + 10, sums["kl3m.engine.prompt_tokens"]);
        Assert.Equal(20, sums["kl3m.engine.prefix_hit_tokens"]);
        Assert.Equal((0, 0), (engine.Engine.Metrics.TokensHeld, engine.Engine.Metrics.CacheShare));
        Assert.Equal(events.OfType<TokenGenerated>().Count(), sums["kl3m.engine.generated_tokens"]);
        Assert.Equal(engine.Steps.Count, sums["kl3m.engine.step.duration"]);
        Assert.Equal(2, sums["gen_ai.server.request.duration"]);
        Assert.Equal(2, sums["kl3m.engine.queue.duration"]);
        Assert.Equal(1, sums["gen_ai.server.time_to_first_token"]);
        Assert.Equal(1, sums["gen_ai.server.time_per_output_token"]);
        Assert.NotNull(engine.Engine.Metrics.LastStepAt);
    }
}
