using Kl3m.Inference;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Shell;

public sealed class PlaygroundStateTests
{
    [Fact]
    public async Task Generate_records_a_run_to_its_end()
    {
        await using var fixture = new StateFixture(new FakeTextGenerator());
        await fixture.State.GenerateAsync();
        Assert.Equal(RunStatus.Done, fixture.State.Run!.Status);
        Assert.Equal(96, fixture.State.Run.TokenCount);
        Assert.False(fixture.State.IsRunning);
    }

    [Fact]
    public async Task A_run_is_looked_at_on_the_tick_and_not_for_each_token()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        var ticks = 0;
        fixture.State.Ticked += () => ticks++;
        var running = fixture.State.GenerateAsync();
        for (var i = 0; i < 100; i++)
        {
            generator.Tell(HeldGenerator.Token(i));
        }
        fixture.Time.Advance(PlaygroundState.Tick);
        await fixture.Until(state => state.Run!.TokenCount == 100 || ticks > 0);
        generator.Finish();
        fixture.State.Stop();
        await running;
        Assert.InRange(ticks, 1, 3);
    }

    [Fact]
    public async Task The_place_in_the_line_is_announced_and_leaving_it_leaves_the_engine()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        var running = fixture.State.GenerateAsync();
        generator.Tell(new GenerationQueued(3, TimeSpan.FromSeconds(4)));
        while (fixture.State.Run?.Queued is null)
        {
            await Task.Yield();
        }
        fixture.Time.Advance(PlaygroundState.Tick);
        await fixture.Until(state => state.Announcement == "You are 3rd in line, about 4 s.");
        fixture.State.Stop();
        await running;
        await generator.Left.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Stopped, fixture.State.Run!.Status);
    }

    [Fact]
    public async Task Stop_keeps_what_was_written_and_leaves_the_engine()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        var running = fixture.State.GenerateAsync();
        generator.Tell(new GenerationStarted([1, 2], 7));
        generator.Tell(HeldGenerator.Token(0));
        while (fixture.State.Run!.TokenCount == 0)
        {
            await Task.Yield();
        }
        fixture.State.Stop();
        await running;
        await generator.Left.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Stopped, fixture.State.Run.Status);
        Assert.Equal("Agreement ", fixture.State.Run.Sequences[0].Text);
    }

    [Fact]
    public async Task A_closed_tab_leaves_the_engine()
    {
        var generator = new HeldGenerator();
        var fixture = new StateFixture(generator);
        var running = fixture.State.GenerateAsync();
        await fixture.DisposeAsync();
        await running;
        Assert.False(fixture.State.IsRunning);
    }

    [Fact]
    public async Task A_refusal_is_told_at_its_field_and_leaves_the_last_run_on_the_page()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        generator.Finish();
        await fixture.State.GenerateAsync();
        var before = fixture.State.Run;
        generator.Refusal = new InvalidRequestException(nameof(SamplingParams.TopK), "must be 0 (off) or more, not -1.");
        await fixture.State.GenerateAsync();
        Assert.Same(before, fixture.State.Run);
        Assert.Equal("Top-k must be 0 (off) or more, not -1.", fixture.State.ProblemAt(nameof(SamplingParams.TopK))?.Sentence);
        fixture.State.Change(sampling => sampling with { TopK = 5 });
        Assert.Null(fixture.State.ProblemAt(nameof(SamplingParams.TopK)));
    }

    [Fact]
    public async Task A_full_line_counts_down_and_is_asked_again_with_the_same_request()
    {
        var generator = new HeldGenerator { Refusal = new EngineBusyException(64, TimeSpan.FromSeconds(3)) };
        await using var fixture = new StateFixture(generator);
        await fixture.State.GenerateAsync();
        Assert.Equal(new Waiting(64, 3), fixture.State.Waiting);
        Assert.Null(fixture.State.Run);
        foreach (var left in new[] { 2, 1 })
        {
            fixture.Time.Advance(TimeSpan.FromSeconds(1));
            await fixture.Until(state => state.Waiting?.Seconds == left);
        }
        fixture.Time.Advance(TimeSpan.FromSeconds(1));
        await fixture.Until(state => state.IsRunning);
        await generator.Asked(2);
        Assert.Null(fixture.State.Waiting);
        Assert.Equal(generator.Requests[0], generator.Requests[1]);
    }

    [Fact]
    public async Task Stop_leaves_the_line()
    {
        var generator = new HeldGenerator { Refusal = new EngineBusyException(64, TimeSpan.FromSeconds(3)) };
        await using var fixture = new StateFixture(generator);
        await fixture.State.GenerateAsync();
        fixture.State.Stop();
        await fixture.Until(state => state.Waiting is null);
        fixture.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Single(generator.Requests);
    }

    [Fact]
    public async Task A_failing_engine_is_told_in_the_run_with_what_was_kept()
    {
        var failure = new EngineFailedException("A step failed.");
        await using var fixture = new StateFixture(new FakeTextGenerator { FailAt = (5, failure) });
        await fixture.State.GenerateAsync();
        Assert.Equal(RunStatus.Failed, fixture.State.Run!.Status);
        Assert.Same(failure, fixture.State.Run.Error);
        Assert.Equal(15, fixture.State.Run.TokenCount);
        Assert.True(fixture.State.CanGenerate);
    }

    [Fact]
    public async Task An_error_that_nobody_foresaw_does_not_end_the_page()
    {
        await using var fixture = new StateFixture(new FakeTextGenerator { FailAt = (1, new InvalidOperationException("bug")) });
        await fixture.State.GenerateAsync();
        Assert.Equal(RunStatus.Failed, fixture.State.Run!.Status);
        Assert.True(fixture.State.CanGenerate);
    }

    [Fact]
    public async Task A_generator_that_ends_without_saying_so_has_failed()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        generator.Finish();
        await fixture.State.GenerateAsync();
        Assert.Equal(RunStatus.Failed, fixture.State.Run!.Status);
    }

    [Fact]
    public async Task Each_run_has_a_seed_of_its_own_until_one_is_picked()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        async Task<ulong?> RunAsync()
        {
            generator.Finish();
            await fixture.State.GenerateAsync();
            return generator.Requests[^1].Sampling.Seed;
        }
        ulong?[] drawn = [await RunAsync(), await RunAsync(), await RunAsync()];
        Assert.True(drawn.Distinct().Count() > 1);
        Assert.Equal(drawn[^1], fixture.State.Sampling.Seed);
        fixture.State.Change(sampling => sampling with { Seed = 481516 });
        Assert.False(fixture.State.NewSeedEachTime);
        Assert.Equal([481516UL, 481516UL], [await RunAsync(), await RunAsync()]);
    }

    [Fact]
    public async Task A_run_that_is_undone_or_refused_takes_its_seed_along()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        var state = fixture.State;
        generator.Finish();
        await state.GenerateAsync();
        var (first, seed) = (state.Run!, state.Sampling.Seed);
        // Drawn by chance: of three in a row one is another.
        for (var i = 0; i < 3; i++)
        {
            generator.Finish();
            await state.GenerateAsync();
        }
        for (var i = 0; i < 3; i++)
        {
            state.Undo();
        }
        Assert.Same(first, state.Run);
        Assert.Equal(seed, state.Sampling.Seed);
        Assert.Equal(seed, state.Link.Sampling.Seed);
        generator.Refusal = new InvalidRequestException("Prompt", "is too odd.");
        await state.GenerateAsync();
        Assert.NotEqual(seed, generator.Requests[^1].Sampling.Seed);
        Assert.Equal((first, seed), (state.Run, state.Sampling.Seed));
    }

    [Fact]
    public async Task A_prompt_that_is_undone_while_its_text_is_written_stops_nothing()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        var state = fixture.State;
        var running = state.GenerateAsync();
        await generator.Asked(1);
        state.Type("and another");
        state.Undo();
        Assert.Equal(state.Preset!.Prompt, state.Prompt);
        Assert.True(state.Run!.IsActive);
        state.Undo();
        await running.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Null(state.Run);
    }

    [Fact]
    public async Task Continue_goes_on_from_the_exact_tokens_without_the_end_token()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        var running = fixture.State.GenerateAsync();
        generator.Tell(new GenerationStarted([10, 11], 7));
        generator.Tell(HeldGenerator.Token(0, sequence: 1, id: 260, text: "be "));
        generator.Tell(HeldGenerator.Token(1, sequence: 1, id: FakeTextGenerator.End, text: ""));
        generator.Tell(new SequenceFinished(1, FinishReason.Stop, StopTokenId: FakeTextGenerator.End));
        generator.Finish();
        await running;
        generator.Finish();
        await fixture.State.ContinueAsync(1);
        var asked = generator.Requests[1];
        Assert.Equal([10, 11], asked.PromptTokenIds!);
        Assert.Equal([260], asked.CompletionTokenIds);
        Assert.Null(asked.Prompt);
        // With the dice of that continuation, and as a part of it: prompt and neighbours stay.
        Assert.Equal((1, 7UL, 1), (asked.FirstSequence, asked.Sampling.Seed, asked.Sampling.Sequences));
        Assert.Equal("Under this", fixture.State.Prompt);
        Assert.Equal("be ", fixture.State.Run!.Sequences[1].Text);
    }

    [Fact]
    public async Task More_than_the_context_holds_offers_the_most_that_fits()
    {
        await using var fixture = new StateFixture(new FakeTextGenerator());
        await fixture.CountPrompt(10);
        fixture.State.Change(sampling => sampling with { MaxTokens = 9000 });
        var problem = fixture.State.ProblemAt(nameof(SamplingParams.MaxTokens))!;
        Assert.Equal("10 prompt + 9,000 is more than the context of 1,024", problem.Sentence);
        Assert.Equal("Use 1,014, the most that fits", problem.Fix!.Label);
        await fixture.State.GenerateAsync();
        Assert.Null(fixture.State.Run);
        fixture.State.Change(problem.Fix.Apply);
        Assert.Empty(fixture.State.Problems);
    }

    [Fact]
    public async Task An_empty_prompt_is_told_at_the_prompt()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        fixture.State.Type("");
        await fixture.State.GenerateAsync();
        Assert.NotNull(fixture.State.ProblemAt(nameof(GenerationRequest.Prompt)));
        Assert.Empty(generator.Requests);
        fixture.State.Type("T");
        Assert.Empty(fixture.State.Problems);
    }

    [Fact]
    public async Task Of_prompts_typed_in_a_row_only_the_last_is_counted()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        await fixture.CountPrompt(10);
        fixture.State.Type("a");
        fixture.Time.Advance(PromptLength.Pause / 2);
        fixture.State.Type("ab");
        fixture.Time.Advance(PromptLength.Pause / 2);
        await fixture.CountPrompt(2);
        Assert.Equal(["Under this", "ab"], generator.Tokenized);
    }

    [Fact]
    public void What_a_new_visitor_starts_with_ends_in_no_space_of_its_own()
    {
        // Most tokenizers give a word its space: behind a lone one the bundled model writes next to nothing of use.
        Assert.Equal(["Governing Law. "], Preset.All.Select(preset => preset.Prompt).Where(prompt => prompt.EndsWith(' ')));
        Assert.False(Preset.All[0].Prompt.EndsWith(' '));
    }

    [Fact]
    public async Task A_preset_is_edited_once_prompt_or_its_settings_differ()
    {
        await using var fixture = new StateFixture(new FakeTextGenerator());
        var preset = Preset.All.Single(preset => preset.Name == "Medical devices");
        fixture.State.Take(preset);
        Assert.False(fixture.State.IsEdited);
        Assert.Equal(("Medical devices are regulated by", 0.3f, 3, 32), (fixture.State.Prompt, fixture.State.Sampling.Temperature, fixture.State.Sampling.Sequences, fixture.State.Sampling.MaxTokens));
        fixture.State.Change(sampling => sampling with { TopK = 7 });
        Assert.False(fixture.State.IsEdited);
        fixture.State.Change(sampling => sampling with { Temperature = 0.4f });
        Assert.True(fixture.State.IsEdited);
        fixture.State.Take(preset);
        fixture.State.Type("Medical");
        Assert.True(fixture.State.IsEdited);
    }

    [Fact]
    public async Task Without_a_model_generate_does_nothing_and_a_model_that_comes_makes_it_work()
    {
        await using var fixture = new StateFixture();
        await fixture.State.GenerateAsync();
        Assert.False(fixture.State.CanGenerate);
        fixture.Catalogue.Ready(new FakeTextGenerator());
        fixture.State.ModelChanged();
        Assert.True(fixture.State.CanGenerate);
        Assert.Equal(1024, fixture.State.Settings.MaxTokens.Allowed.Most);
    }
}
