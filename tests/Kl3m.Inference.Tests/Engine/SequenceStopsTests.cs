namespace Kl3m.Inference.Tests.Engine;

public sealed class SequenceStopsTests
{
    [Fact]
    public async Task One_sequence_is_ended_and_the_others_write_what_they_would_have_written()
    {
        var request = TestEngine.Request("P", maxTokens: 12, sequences: 3) with { Sampling = new() { MaxTokens = 12, Sequences = 3, Seed = 4, StopAtEnd = false } };
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate);
        var stops = new SequenceStops();
        Assert.False(stops.IsHeard);
        var running = engine.RunAsync(request with { Stops = stops });
        for (var step = 0; step < 4; step++)
        {
            await gate.ReachedAsync();
            gate.Pass();
        }
        await gate.ReachedAsync();
        Assert.True(stops.IsHeard);
        stops.Stop(1);
        gate.Pass();
        await gate.ReachedAsync();
        Assert.Equal(2, engine.Runner.Slots.Count);
        gate.Open();
        var events = await running;
        var whole = await engine.RunAsync(request);

        Assert.Equal(FinishReason.Cancelled, events.Finish(1).Reason);
        Assert.Equal(whole.Tokens(1).Take(5), events.Tokens(1), (a, b) => a.Score.TokenId == b.Score.TokenId);
        foreach (var other in new[] { 0, 2 })
        {
            Assert.Equal(whole.Tokens(other), events.Tokens(other), (a, b) => a.Score.TokenId == b.Score.TokenId);
            Assert.Equal(FinishReason.Length, events.Finish(other).Reason);
        }
        Assert.Equal(12 + 5 + 12, events.OfType<GenerationFinished>().Single().Usage.CompletionTokens);
        await engine.Runner.AllReleased();
    }

    [Fact]
    public async Task All_ended_one_by_one_is_the_end()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate);
        var stops = new SequenceStops();
        var running = engine.RunAsync(TestEngine.Request("P", maxTokens: 100, sequences: 2) with { Stops = stops, Sampling = new() { MaxTokens = 100, Sequences = 2, StopAtEnd = false } });
        await gate.ReachedAsync();
        stops.Stop(0);
        stops.Stop(1);
        gate.Open();
        var events = await running;
        Assert.All(events.OfType<SequenceFinished>(), finished => Assert.Equal(FinishReason.Cancelled, finished.Reason));
        Assert.IsType<GenerationFinished>(events[^1]);
        await engine.Runner.AllReleased();
    }
}
