using Kl3m.Inference.Engine;

namespace Kl3m.Inference.Tests.Engine;

public sealed class CancellationTests
{
    [Fact]
    public async Task A_cancelled_request_is_out_of_the_very_next_step()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate);
        using var cancel = new CancellationTokenSource();
        var cancelled = engine.RunAsync(TestEngine.Request("cancelled", maxTokens: 100, sequences: 3), cancel.Token);
        await gate.ReachedAsync();
        var other = engine.RunAsync(TestEngine.Request("other", maxTokens: 100));
        gate.Pass();
        await gate.ReachedAsync(); // the second step has been scheduled
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        gate.Pass();
        await gate.ReachedAsync();
        Assert.Single(engine.Runner.Slots);
        gate.Open();

        Assert.NotNull((await other).Finish());
        await engine.Runner.AllReleased();
        Assert.Single(engine.Steps[2]);
    }

    [Fact]
    public async Task Leaving_the_enumeration_frees_everything_within_one_step()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate);
        var events = engine.Engine.GenerateAsync(TestEngine.Request(maxTokens: 200)).GetAsyncEnumerator();
        await events.MoveNextAsync();
        await gate.ReachedAsync();
        await events.DisposeAsync();
        gate.Open();
        await engine.Runner.AllReleased();
        Assert.Single(engine.Steps);
        await engine.Engine.DisposeAsync(); // the thread is done with counting then
        Assert.Equal(0, engine.Engine.Metrics.Running);
    }

    [Fact]
    public async Task A_request_that_still_waits_gives_its_place_up_when_cancelled()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate, new() { MaxRunning = 1 });
        var running = engine.RunAsync(TestEngine.Request(maxTokens: 3));
        await gate.ReachedAsync();
        await using (var waiting = engine.Engine.GenerateAsync(TestEngine.Request(maxTokens: 3)).GetAsyncEnumerator())
        {
            await waiting.MoveNextAsync();
            Assert.Equal(1, engine.Engine.Waiting);
        }
        gate.Open();
        await running;
        await engine.Runner.AllReleased();
        Assert.Equal(0, engine.Engine.Waiting);
        Assert.Equal(3, engine.Steps.Count);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_starts_nothing()
    {
        await using var engine = await TestEngine.StartAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.RunAsync(TestEngine.Request(), new(canceled: true)));
        Assert.Empty(engine.Steps);
    }

    [Fact]
    public async Task After_500_requests_with_random_ends_nothing_is_held_and_each_sequence_has_ended_once()
    {
        await using var engine = await TestEngine.StartAsync(() => new() { Room = 3000 }, new() { MaxRunning = 24, MaxRunningPerUser = 16, TokenBudget = 48 });
        await Parallel.ForAsync(0, 500, new ParallelOptions { MaxDegreeOfParallelism = 40 }, async (i, _) =>
        {
            var random = new Random(i);
            var sequences = random.Next(1, 7);
            var maxTokens = random.Next(0, 30);
            var request = new GenerationRequest
            {
                Prompt = new string((char)('a' + i % 26), random.Next(1, 120)),
                ScorePrompt = random.Next(4) == 0,
                User = random.Next(4) == 0 ? null : $"user {i % 5}",
                Alternatives = 1,
                Sampling = new() { Sequences = sequences, MaxTokens = maxTokens, Stop = random.Next(2) == 0 ? [] : ["a", "\u0001b"], Temperature = random.Next(2) },
            };
            var patience = random.Next(3) == 0 ? random.Next(0, 60) : int.MaxValue;
            using var cancel = new CancellationTokenSource();
            var events = new List<GenerationEvent>();
            try
            {
                await foreach (var occurred in engine.Engine.GenerateAsync(request, cancel.Token))
                {
                    events.Add(occurred);
                    if (events.Count > patience && i % 2 == 0)
                    {
                        break;
                    }
                    if (events.Count > patience)
                    {
                        await cancel.CancelAsync();
                    }
                }
            }
            catch (OperationCanceledException)
            {
            }

            var finished = events.OfType<SequenceFinished>().Select(sequence => sequence.SequenceIndex).ToList();
            Assert.Equal(finished.Distinct(), finished);
            if (events[^1] is GenerationFinished)
            {
                Assert.Equal(sequences, finished.Count);
            }
            else
            {
                Assert.True(events.Count > patience);
            }
        });
        await engine.Runner.AllReleased();
        Assert.Equal(0, engine.Engine.Waiting);
        Assert.True(engine.Engine.IsHealthy);
        Assert.NotEmpty(await engine.RunAsync(TestEngine.Request()));
    }
}
