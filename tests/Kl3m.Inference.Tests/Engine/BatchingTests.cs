using Kl3m.Inference.Engine;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>What requests that share steps do to each other: nothing to the texts, little to the waiting.</summary>
public sealed class BatchingTests
{
    [Fact]
    public async Task A_text_is_the_same_alone_and_in_company()
    {
        var requests = Enumerable.Range(0, 30).Select(i => TestEngine.Request(new string((char)('a' + i % 26), 1 + i * 7 % 90), maxTokens: 1 + i, sequences: 1 + i % 4, seed: (ulong)i) with
        {
            ScorePrompt = i % 3 == 0,
        }).ToList();
        await using var engine = await TestEngine.StartAsync(() => new() { Room = 2000 }, new() { TokenBudget = 20, MaxRunning = 12 });
        var alone = new List<List<GenerationEvent>>();
        foreach (var request in requests)
        {
            alone.Add(await engine.RunAsync(request));
        }
        var stepsAlone = engine.Steps.Count;
        var company = await Task.WhenAll(requests.Select(request => engine.RunAsync(request)));

        Assert.True(engine.Steps.Count - stepsAlone < stepsAlone / 2, "the requests did not share steps");
        for (var i = 0; i < requests.Count; i++)
        {
            for (var sequence = 0; sequence < requests[i].Sampling.Sequences; sequence++)
            {
                Assert.Equivalent(alone[i].Tokens(sequence), company[i].Tokens(sequence), strict: true);
                Assert.Equal(alone[i].Finish(sequence), company[i].Finish(sequence));
            }
            Assert.Equivalent(alone[i].OfType<PromptScored>(), company[i].OfType<PromptScored>(), strict: true);
        }
    }

    [Fact]
    public async Task A_user_with_fifty_requests_does_not_hold_up_the_next_one()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate, new() { TokenBudget = 64, MaxRunning = 16, MaxRunningPerUser = 8 });
        var crowd = Enumerable.Range(0, 50).Select(_ => TestEngine.Request(new string('c', 100), maxTokens: 20) with { User = "crowd" });
        var running = new List<Task>();
        foreach (var request in crowd)
        {
            running.Add(await TakenAsync(engine, request));
        }
        for (var step = 0; step < 10; step++)
        {
            await gate.ReachedAsync();
            gate.Pass();
        }
        await gate.ReachedAsync();
        var before = engine.Steps.Count;
        running.Add(await TakenAsync(engine, TestEngine.Request("newcomer", maxTokens: 1) with { User = "newcomer" }));
        gate.Open();
        await Task.WhenAll(running);

        var first = engine.Steps.ToList().FindIndex(step => step.Any(chunk => chunk.TokenIds.Span[0] == 'n'));
        Assert.InRange(first - before, 0, 3);
    }

    [Fact]
    public async Task A_full_line_says_so_with_the_time_to_come_back()
    {
        using var gate = new StepGate();
        await using var engine = await TestEngine.GatedAsync(gate, new() { MaxRunning = 1, MaxWaiting = 2 });
        var running = new List<Task> { await TakenAsync(engine, TestEngine.Request()) };
        await gate.ReachedAsync();
        running.Add(await TakenAsync(engine, TestEngine.Request()));
        running.Add(await TakenAsync(engine, TestEngine.Request()));

        var busy = await Assert.ThrowsAsync<EngineBusyException>(() => engine.RunAsync(TestEngine.Request()));
        Assert.Equal(2, busy.Waiting);
        Assert.InRange(busy.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        gate.Open();
        await Task.WhenAll(running);
        Assert.NotEmpty(await engine.RunAsync(TestEngine.Request()));
    }

    [Fact]
    public async Task An_idle_engine_runs_no_steps()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RunAsync(TestEngine.Request(maxTokens: 2));
        await engine.Runner.AllReleased();
        Assert.Equal(2, engine.Steps.Count);
        Assert.Equal(TimeSpan.Zero, engine.Engine.Metrics.CurrentStep);
    }

    /// <summary>Returns when the engine has the request; the inner task is the rest of it.</summary>
    private static async Task<Task> TakenAsync(TestEngine engine, GenerationRequest request)
    {
        var events = engine.Engine.GenerateAsync(request).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        return FinishAsync(events);
    }

    private static async Task FinishAsync(IAsyncEnumerator<GenerationEvent> events)
    {
        await using (events)
        {
            while (await events.MoveNextAsync())
            {
            }
        }
    }
}
