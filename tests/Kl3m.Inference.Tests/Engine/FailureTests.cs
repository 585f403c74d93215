using Kl3m.Inference.Engine;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging;

namespace Kl3m.Inference.Tests.Engine;

public sealed class FailureTests
{
    [Fact]
    public async Task A_failed_step_ends_its_requests_and_no_others()
    {
        var log = new LogList();
        var failAt = 3;
        await using var engine = await TestEngine.StartAsync(() => new() { BeforeStep = step => FailWhen(step.Any(chunk => chunk.Start == failAt)) }, log: log);
        var events = new List<GenerationEvent>();
        var failure = await Assert.ThrowsAsync<EngineFailedException>(async () =>
        {
            await foreach (var occurred in engine.Engine.GenerateAsync(TestEngine.Request("P", maxTokens: 10, sequences: 2)))
            {
                events.Add(occurred);
            }
        });

        Assert.Equal("A step of the engine failed: out of luck", failure.Message);
        Assert.Equal(3, events.Tokens(0).Count);
        Assert.Equal(3, events.Tokens(1).Count);
        Assert.Empty(events.OfType<SequenceFinished>());
        Assert.Equal([LogLevel.Error], log.Levels.Where(level => level > LogLevel.Information));
        failAt = -1;
        Assert.NotNull((await engine.RunAsync(TestEngine.Request("P", maxTokens: 10))).Finish());
        Assert.True(engine.Engine.IsHealthy);
        await engine.Runner.AllReleased();
    }

    [Fact]
    public async Task Failures_are_forgotten_after_a_step_that_works()
    {
        await using var engine = await TestEngine.StartAsync(() => new() { BeforeStep = step => FailWhen(step.Any(chunk => chunk.TokenIds.Span[0] == 'x')) });
        for (var round = 0; round < 4; round++)
        {
            await Assert.ThrowsAsync<EngineFailedException>(() => engine.RunAsync(TestEngine.Request("x")));
            await Assert.ThrowsAsync<EngineFailedException>(() => engine.RunAsync(TestEngine.Request("x")));
            await engine.RunAsync(TestEngine.Request("y"));
        }
        Assert.True(engine.Engine.IsHealthy);
    }

    [Fact]
    public async Task After_three_failed_steps_in_a_row_the_engine_stops_and_says_so()
    {
        var log = new LogList();
        using var gate = new StepGate();
        var fails = false;
        await using var engine = await TestEngine.StartAsync(
            () => new()
            {
                BeforeStep = _ =>
                {
                    gate.Wait();
                    FailWhen(fails);
                },
            },
            new() { MaxRunning = 1 },
            log: log);
        (fails, _) = (true, 0);
        gate.Close();
        var requests = Enumerable.Range(0, 5).Select(_ => engine.RunAsync(TestEngine.Request())).ToList();
        while (engine.Engine.Waiting < 4)
        {
            await Task.Yield();
        }
        gate.Open();

        foreach (var request in requests)
        {
            await Assert.ThrowsAsync<EngineFailedException>(() => request);
        }
        await Assert.ThrowsAsync<EngineFailedException>(() => engine.RunAsync(TestEngine.Request()));
        Assert.False(engine.Engine.IsHealthy);
        Assert.Equal([LogLevel.Error, LogLevel.Error, LogLevel.Error, LogLevel.Critical], log.Levels.Where(level => level > LogLevel.Information));
        Assert.Equal(0, engine.Engine.Waiting);
        await engine.DisposeAsync();
        Assert.True(engine.Runner.IsDisposed);
    }

    [Fact]
    public async Task Logits_that_are_no_numbers_end_the_request_that_they_belong_to()
    {
        await using var engine = await TestEngine.StartAsync(() => new() { Spoil = (tokens, row) => row[5] = tokens[0] == 'x' && tokens.Count > 3 ? float.NaN : 0 });
        var healthy = engine.RunAsync(TestEngine.Request("yes", maxTokens: 30));
        var failure = await Assert.ThrowsAsync<EngineFailedException>(() => engine.RunAsync(TestEngine.Request("xxx", sequences: 3)));
        Assert.StartsWith("Sampling failed: ", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<EngineFailedException>(() => engine.RunAsync(TestEngine.Request("xxxxx", maxTokens: 0) with { ScorePrompt = true }));
        Assert.NotNull((await healthy).Finish());
        Assert.True(engine.Engine.IsHealthy);
        await engine.Runner.AllReleased();
    }

    [Fact]
    public async Task Starting_fails_with_what_making_the_runner_failed_with()
    {
        await using var engine = new InferenceEngine(
            () => throw new FileNotFoundException("no weights"), ByteTokenizer.Tokenizer, TestEngine.Model, new(), TimeProvider.System, new LogList());
        Assert.Equal("no weights", (await Assert.ThrowsAsync<FileNotFoundException>(() => engine.StartAsync())).Message);
        Assert.False(engine.IsHealthy);
    }

    [Fact]
    public async Task Starting_without_room_for_a_token_fails_with_the_remedy()
    {
        var failure = await Assert.ThrowsAsync<EngineFailedException>(() => TestEngine.StartAsync(() => new() { Room = 0 }));
        Assert.Equal("There is no room for a single token; raise Engine:KvCacheBytes.", failure.Message);
    }

    [Fact]
    public async Task Disposing_ends_what_runs_and_gives_the_model_back_on_its_own_thread()
    {
        using var gate = new StepGate();
        var engine = await TestEngine.GatedAsync(gate);
        var running = engine.RunAsync(TestEngine.Request(maxTokens: 200));
        await gate.ReachedAsync();
        var disposed = engine.DisposeAsync();
        Assert.False(engine.Engine.IsHealthy);
        gate.Open();
        await disposed;
        await Assert.ThrowsAsync<EngineFailedException>(() => running);
        Assert.True(engine.Runner.IsDisposed);
        await Assert.ThrowsAsync<EngineFailedException>(() => engine.RunAsync(TestEngine.Request()));
    }

    private static void FailWhen(bool fails)
    {
        if (fails)
        {
            throw new InvalidOperationException("out of luck");
        }
    }

    private sealed class LogList : ILogger<InferenceEngine>
    {
        private readonly Lock gate = new();
        private readonly List<LogLevel> levels = [];

        public IReadOnlyList<LogLevel> Levels
        {
            get
            {
                lock (gate)
                {
                    return [.. levels];
                }
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (gate)
            {
                levels.Add(logLevel);
            }
        }
    }
}
