using Kl3m.Inference;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Shell;

/// <summary>Token after token, by hand or at a pace, with settings that move on the way.</summary>
public sealed class SteppingTests
{
    [Fact]
    public async Task Stepping_shows_one_token_of_each_continuation_at_a_time()
    {
        await using var fixture = new StateFixture(new RecordingGenerator());
        var state = fixture.State;
        var running = state.StepAsync();
        for (var shown = 1; shown <= 3; shown++)
        {
            while (state.Run!.TokenCount < 3 * shown)
            {
                await Task.Yield();
            }
            Assert.Equal([shown, shown, shown], state.Run.Sequences.Select(sequence => sequence.Tokens.Count));
            await state.NextTokenAsync();
        }
        state.LeaveStepping();
        await running;
        Assert.Equal(96, state.Run!.TokenCount);
        await state.NextTokenAsync();
        Assert.Equal(96, state.Run.TokenCount);
    }

    [Fact]
    public async Task A_setting_that_is_changed_while_stepping_holds_from_the_next_token_on_and_the_receipt_knows_both()
    {
        var generator = new RecordingGenerator();
        await using var fixture = new StateFixture(generator);
        var state = fixture.State;
        var first = state.StepAsync();
        await TestWait.UntilAsync(() => state.Run!.TokenCount == 3);
        var (before, then) = (state.Run!, state.Sampling.Temperature);
        state.Change(now => now with { Temperature = 0.9f });
        Assert.Single(generator.Requests);
        var second = state.NextTokenAsync();
        await first.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await TestWait.UntilAsync(() => state.Run != before && state.Run!.Sequences.All(sequence => sequence.Tokens.Count == 2));
        var run = state.Run!;
        Assert.True(state.IsRunning);
        Assert.Equal(4, generator.Requests.Count);
        foreach (var sequence in run.Sequences)
        {
            Assert.Equal(before.Sequences[sequence.Index].Tokens[0], sequence.Tokens[0]);
            Assert.Equal((then, 0.9f), (run.RequestAt(new(sequence.Index, 0)).Sampling.Temperature, run.RequestAt(new(sequence.Index, 1)).Sampling.Temperature));
            Assert.Equal(before.Seed, run.OwnerOf(sequence.Index).Seed);
            Assert.Equal("Writing", CardState.Of(run, sequence).Words);
        }
        _ = state.NextTokenAsync();
        await TestWait.UntilAsync(() => run.Sequences.All(sequence => sequence.Tokens.Count == 3));
        Assert.Same(run, state.Run);
        state.LeaveStepping();
        await second;

        Assert.All(run.Sequences, sequence => Assert.Equal(32, sequence.Tokens.Count));
        Assert.All(run.Sequences, sequence => Assert.Equal("Done", CardState.Of(run, sequence).Words));
        Assert.Equal(["Settings changed on the way: from token 2 on temperature 0.90."], SettingChanges.Of(run));
        Assert.Equal(3, state.Leaves.Count);
        // The fake draws by seed, continuation and position alone: the dice of the places are the same.
        var whole = await generator.WriteAsync(new RunStore(new(Microsoft.Extensions.Options.Options.Create(new RunOptions())), fixture.Time), before.Request);
        Assert.Equal(whole.Sequences.Select(sequence => sequence.Text), run.Sequences.Select(sequence => sequence.Text));
        Assert.Equal([before, .. run.Sequences.Select(sequence => run.OwnerOf(sequence.Index))], state.Kept.Runs.Select(kept => kept.Run).OrderBy(kept => kept == before ? 0 : 1).ThenBy(kept => kept.Branch?.Sequence));
        foreach (var (_, kept, writer) in state.Kept.Runs)
        {
            Assert.True((await new Replay(kept).RunAsync(writer, null, cancellationToken: TestContext.Current.CancellationToken)).Agrees);
        }
    }

    [Fact]
    public async Task A_slider_that_moves_while_tokens_play_is_heard_when_it_rests()
    {
        var generator = new RecordingGenerator();
        await using var fixture = new StateFixture(generator);
        var state = fixture.State;
        var stepping = state.StepAsync();
        await TestWait.UntilAsync(() => state.Run!.TokenCount == 3);
        state.Hurry(-7);
        _ = state.PlayAsync();
        await TestWait.UntilAsync(() => state.Run!.TokenCount == 6);
        state.Change(now => now with { Temperature = 0.9f });
        state.Change(now => now with { Temperature = 1.1f });
        Assert.Single(generator.Requests);
        fixture.Time.Advance(PlaygroundState.Rest);
        await stepping.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await TestWait.UntilAsync(() => generator.Requests.Count == 4);
        Assert.All(generator.Requests.Skip(1), request => Assert.Equal((1.1f, 2), (request.Sampling.Temperature, request.CompletionTokenIds.Count)));
        Assert.True(state.Pace.IsPlaying);
    }

    [Fact]
    public async Task A_step_with_a_setting_that_is_wrong_says_so_and_changes_nothing()
    {
        var generator = new RecordingGenerator();
        await using var fixture = new StateFixture(generator);
        var state = fixture.State;
        _ = state.StepAsync();
        await TestWait.UntilAsync(() => state.Run!.TokenCount == 3);
        state.Change(now => now with { TopP = 7 });
        await state.NextTokenAsync();
        Assert.Contains("Top-p", state.Announcement, StringComparison.Ordinal);
        Assert.True(state.IsRunning);
        state.Change(now => now with { TopP = 0.95f });
        _ = state.NextTokenAsync();
        await TestWait.UntilAsync(() => state.Run!.Sequences.All(sequence => sequence.Tokens.Count == 2));
        Assert.Equal(0.95f, generator.Requests[^1].Sampling.TopP);
    }
}
