using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components.Shared;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Runs;

public sealed class LogitsMemoryTests
{
    private readonly FakeTimeProvider time = new();

    private static LogitsMemory Memory(long bytes) => new(Options.Create(new RunOptions { LogitsBytes = bytes }));

    [Fact]
    public void The_oldest_rows_are_dropped_first_and_the_budget_holds()
    {
        var memory = Memory(100);
        var rows = Enumerable.Range(0, 10).Select(i => memory.Keep(new float[] { i, i, i, i, i })).ToList();
        Assert.Equal(100, memory.Held);
        Assert.All(rows.Take(5), row => Assert.Null(row.Logits));
        Assert.Equal([5f, 6f, 7f, 8f, 9f], rows.Skip(5).Select(row => row.Logits!.Value.Span[0]));
    }

    [Fact]
    public void What_a_visitor_leaves_behind_is_given_back()
    {
        var memory = Memory(1 << 20);
        using (var runs = new RunStore(memory, time))
        {
            var run = runs.Start(new GenerationRequest { Prompt = "x" }, TestRun.Generator.Model);
            Assert.True(run.Request.KeepLogits);
            run.Record(TestRun.Letter(0, 'a') with { Logits = new float[100] });
            Assert.Null(run.Sequences[0].Tokens[0].Logits);
            Assert.Equal(400, memory.Held);
            run.Cancel();
            run.Record(TestRun.Letter(1, 'b') with { Logits = new float[100] });
            Assert.Equal(400, memory.Held);
        }
        Assert.Equal(0, memory.Held);
    }

    [Fact]
    public void Without_a_budget_nothing_is_asked_for()
    {
        using var runs = new RunStore(Memory(0), time);
        Assert.False(runs.Start(new GenerationRequest { Prompt = "x" }, TestRun.Generator.Model).Request.KeepLogits);
    }

    [Fact]
    public async Task A_row_that_was_dropped_is_worked_out_again_from_all_tokens_before_it_and_says_so()
    {
        var generator = new RecordingGenerator();
        using var runs = new RunStore(Memory(268 * 4 * 2), time);
        var run = await generator.WriteAsync(runs, new() { Prompt = "ab", Sampling = new() { Sequences = 1, MaxTokens = 5, Seed = 3 } });
        var kept = await PositionLogits.FindAsync(run, new(0, 4), generator, TestContext.Current.CancellationToken);
        Assert.False(kept!.Recomputed);
        Assert.Single(generator.Requests);
        var dropped = await PositionLogits.FindAsync(run, new(0, 2), generator, TestContext.Current.CancellationToken);
        Assert.True(dropped!.Recomputed);
        Assert.Equal([.. "ab"u8.ToArray().Select(b => (int)b), .. run.Sequences[0].Tokens.Take(2).Select(token => token.Score.TokenId)], generator.Requests[^1].PromptTokenIds!);
        Assert.Equal(1, generator.Requests[^1].Sampling.MaxTokens);
    }

    [Fact]
    public async Task A_model_that_hands_out_no_logits_is_no_error()
    {
        var generator = new RecordingGenerator { WithoutLogits = true };
        using var runs = new RunStore(Memory(1 << 20), time);
        var run = await generator.WriteAsync(runs, new() { Prompt = "ab", Sampling = new() { Sequences = 1, MaxTokens = 2 } });
        Assert.Null(await PositionLogits.FindAsync(run, new(0, 0), generator, TestContext.Current.CancellationToken));
    }
}
