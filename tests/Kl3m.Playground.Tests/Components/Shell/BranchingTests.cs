using Kl3m.Inference;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Shell;

public sealed class BranchingTests
{
    [Fact]
    public async Task An_alternative_goes_another_way_with_the_same_dice_and_the_old_text_stays()
    {
        var generator = new RecordingGenerator();
        await using var fixture = new StateFixture(generator);
        var state = fixture.State;
        await state.GenerateAsync();
        var old = state.Run!;
        var place = new SelectedToken(1, 10);
        var other = old.Find(place)!.Score.Alternatives.First(alternative => alternative.TokenId != old.Find(place)!.Score.TokenId);
        await state.TakeAsync(place, other.TokenId);

        var branch = state.Run!;
        Assert.NotSame(old, branch);
        Assert.Same(old.Sequences[0], branch.Sequences[0]);
        Assert.Same(old.Sequences[2], branch.Sequences[2]);
        var (before, after) = (old.Sequences[1].Tokens, branch.Sequences[1].Tokens);
        Assert.Equal(32, after.Count);
        Assert.Equal(before.Take(10), after.Take(10));
        Assert.Equal((other.TokenId, other.RawLogprob), (after[10].Score.TokenId, after[10].Score.RawLogprob));
        // The fake draws by seed, continuation and position alone: the same dice give the same tokens behind the fork.
        Assert.Equal(before.Skip(11).Select(token => token.Score.TokenId), after.Skip(11).Select(token => token.Score.TokenId));
        Assert.Equal(Enumerable.Range(0, 32), after.Select(token => token.Position));
        Assert.Equal(string.Concat(after.Select(token => token.Text)), branch.Sequences[1].Text);
        Assert.Equal(32, old.Sequences[1].Tokens.Count);

        Assert.Equal(place, state.Selected);
        Assert.True(branch.IsForced(place));
        Assert.False(branch.IsForced(new(1, 9)) || branch.IsForced(new(1, 11)) || branch.IsForced(new(0, 10)));
        Assert.Equal(4, state.Leaves.Count);
        Assert.Equal(21, branch.TokenCount);
    }

    [Fact]
    public async Task Branches_of_branches_know_what_was_asked_at_each_token()
    {
        await using var fixture = new StateFixture(new RecordingGenerator());
        var state = fixture.State;
        await state.GenerateAsync();
        var root = state.Run!;
        await state.TakeTextAsync(new(0, 4), "xy");
        var first = state.Run!;
        state.Change(now => now with { Temperature = 0.9f });
        await state.RedrawAsync(new(0, 20));
        var second = state.Run!;

        Assert.Equal("xy", string.Concat(second.Sequences[0].Tokens.Skip(4).Take(2).Select(token => token.Text)));
        Assert.Same(root, second.Root);
        Assert.Same(root.Request, second.RequestAt(new(0, 3)));
        Assert.Same(first.Request, second.RequestAt(new(0, 19)));
        Assert.Same(second.Request, second.RequestAt(new(0, 20)));
        Assert.Same(root.Request, second.RequestAt(new(2, 25)));
        Assert.True(second.IsForced(new(0, 5)));
        Assert.NotEqual(first.Seed, second.Seed);
        Assert.Equal(5, state.Leaves.Count);
        var tree = ForkNode.Of(state.Leaves.Select((leaf, i) => new ForkLeaf($"{i}", leaf.Sequence.Tokens)))!;
        Assert.Equal(5, tree.Count);
    }

    [Fact]
    public async Task Continue_makes_the_leaf_longer_and_no_second_one()
    {
        await using var fixture = new StateFixture(new RecordingGenerator());
        await fixture.State.GenerateAsync();
        await fixture.State.ContinueAsync(2);
        Assert.Equal(64, fixture.State.Run!.Sequences[2].Tokens.Count);
        Assert.Equal([32, 32, 64], fixture.State.Leaves.Select(leaf => leaf.Sequence.Tokens.Count).Order());
    }

    [Fact]
    public async Task The_end_mark_put_by_hand_ends_the_text_without_asking_the_model()
    {
        var generator = new RecordingGenerator();
        await using var fixture = new StateFixture(generator);
        await fixture.State.GenerateAsync();
        await fixture.State.TakeAsync(new(0, 3), FakeTextGenerator.End);
        var run = fixture.State.Run!;
        Assert.Equal((RunStatus.Done, 4), (run.Status, run.Sequences[0].Tokens.Count));
        Assert.Equal(FinishReason.Stop, run.Sequences[0].Finished!.Reason);
        Assert.DoesNotContain(generator.Requests.Skip(1), request => request.Sampling.MaxTokens > 0);
    }

    [Fact]
    public async Task The_token_that_stands_there_is_no_branch()
    {
        await using var fixture = new StateFixture(new RecordingGenerator());
        await fixture.State.GenerateAsync();
        var run = fixture.State.Run!;
        await fixture.State.TakeAsync(new(0, 3), run.Find(new(0, 3))!.Score.TokenId);
        Assert.Same(run, fixture.State.Run);
        Assert.Contains("stands there already", fixture.State.Announcement, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_branch_from_a_text_that_is_being_written_stops_it_first()
    {
        var generator = new HeldGenerator();
        await using var fixture = new StateFixture(generator);
        var running = fixture.State.GenerateAsync();
        generator.Tell(new GenerationStarted([1, 2], 7));
        generator.Tell(HeldGenerator.Token(0) with { Score = HeldGenerator.Token(0).Score with { Alternatives = [new(258, -1, -1, null), new(259, -2, -2, null)] } });
        while (fixture.State.Run!.TokenCount == 0)
        {
            await Task.Yield();
        }
        var old = fixture.State.Run;
        var branching = fixture.State.TakeRankAsync(new(0, 0), 2);
        await running;
        await generator.Asked(2);
        generator.Finish();
        await branching;
        Assert.Equal(RunStatus.Stopped, old.Status);
        Assert.Equal([259], generator.Requests[1].CompletionTokenIds);
    }

    [Fact]
    public async Task Undo_and_redo_walk_over_prompt_settings_and_branches()
    {
        await using var fixture = new StateFixture(new RecordingGenerator());
        var state = fixture.State;
        var (prompt, temperature) = (state.Prompt, state.Sampling.Temperature);
        state.Type("My own ");
        fixture.Time.Advance(TimeSpan.FromSeconds(2));
        state.Change(now => now with { Temperature = 1.5f });
        await state.GenerateAsync();
        var run = state.Run!;
        await state.TakeAsync(new(0, 3), 'x');
        var branch = state.Run!;

        state.Undo();
        Assert.Same(run, state.Run);
        state.Undo();
        Assert.Null(state.Run);
        state.Undo();
        Assert.Equal((temperature, "My own "), (state.Sampling.Temperature, state.Prompt));
        state.Undo();
        Assert.Equal(prompt, state.Prompt);
        Assert.False(state.CanUndo);
        for (var i = 0; i < 4; i++)
        {
            state.Redo();
        }
        Assert.Same(branch, state.Run);
        Assert.Equal(("My own ", 1.5f), (state.Prompt, state.Sampling.Temperature));
        Assert.False(state.CanRedo);
        state.Undo();
        state.Type("Else ");
        Assert.False(state.CanRedo);
    }

    [Fact]
    public async Task Typing_in_one_go_is_one_step_back()
    {
        await using var fixture = new StateFixture(new RecordingGenerator());
        var prompt = fixture.State.Prompt;
        foreach (var text in new[] { "a", "ab", "abc" })
        {
            fixture.State.Type(text);
            fixture.Time.Advance(TimeSpan.FromMilliseconds(300));
        }
        fixture.State.Undo();
        Assert.Equal(prompt, fixture.State.Prompt);
    }

    [Fact]
    public async Task A_text_is_gone_on_with_by_its_own_model_though_another_is_chosen()
    {
        var (own, other) = (new RecordingGenerator(), new RecordingGenerator { Model = new FakeTextGenerator().Model with { Id = "other", VocabularySize = 300 } });
        await using var fixture = new StateFixture(own);
        await fixture.State.GenerateAsync();
        fixture.Catalogue.Ready(other, own);
        fixture.State.ModelChanged();
        await fixture.State.ContinueAsync(2);
        await fixture.State.TakeAsync(new(0, 3), 'x');
        Assert.Equal("fake", fixture.State.Run!.Model.Id);
        Assert.Equal([64, 32], new[] { 2, 0 }.Select(index => fixture.State.Run.Sequences[index].Tokens.Count));
        Assert.Empty(other.Requests);
        Assert.Null(fixture.State.Hindrance);
    }

    [Theory]
    [InlineData("other", "one")]
    [InlineData("fake", "two")]
    public async Task A_text_whose_model_is_gone_is_left_as_it_is_and_the_remedy_is_named(string id, string tokenizer)
    {
        static ModelInfo Info(string name, string hash) => new FakeTextGenerator().Model with { Id = name, FileHashes = new Dictionary<string, string> { ["tokenizer.json"] = hash } };
        var (own, other) = (new RecordingGenerator { Model = Info("fake", "one") }, new RecordingGenerator { Model = Info(id, tokenizer) });
        await using var fixture = new StateFixture(own);
        var state = fixture.State;
        await state.GenerateAsync();
        var run = state.Run;
        fixture.Catalogue.Ready(other);
        state.ModelChanged();
        foreach (var go in new Func<Task>[] { () => state.ContinueAsync(0), () => state.TakeAsync(new(0, 3), 'x'), () => state.RedrawAsync(new(1, 2)) })
        {
            state.DismissHindrance();
            await go();
            Assert.StartsWith("fake wrote this text and is not loaded now", state.Hindrance, StringComparison.Ordinal);
        }
        Assert.Same(run, state.Run);
        Assert.Empty(other.Requests);

        fixture.Catalogue.Ready(other.Model.Id == "fake" ? [own] : [other, own]);
        await state.ContinueAsync(0);
        Assert.Equal(64, state.Run!.Sequences[0].Tokens.Count);
        Assert.Null(state.Hindrance);
    }
}
