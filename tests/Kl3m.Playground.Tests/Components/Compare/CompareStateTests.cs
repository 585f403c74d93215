using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Playground.Components.Pages.Compare;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Tests.Components.Compare;

public sealed class CompareStateTests
{
    private static readonly double[] Shares = [0.60, 0.25, 0.15];

    // Behind "P": five times 'a', then N, D or C by 60, 25 and 15 percent, then 'z' for good.
    private static void ByHand(IReadOnlyList<int> tokens, float[] row)
    {
        if (tokens.Count == 6)
        {
            foreach (var (letter, share) in "NDC".Zip(Shares))
            {
                row[letter] = (float)Math.Log(share);
            }
        }
        else
        {
            row[tokens.Count < 6 ? 'a' : 'z'] = 1;
        }
    }

    /// <summary>Where N's segment ends when every share is raised to 1/T and they are made to add up to 1 again.</summary>
    private static double EndOfFirst(double temperature)
    {
        var weights = Shares.Select(share => Math.Pow(share, 1 / temperature)).ToArray();
        return weights[0] / weights.Sum();
    }

    [Fact]
    public async Task Columns_with_the_same_settings_and_seed_are_identical()
    {
        await using var fixture = await CompareFixture.StartAsync([null]);
        var settings = new SamplingParams { Temperature = 1.3f, TopP = 0.98f, MaxTokens = 60, StopAtEnd = false };
        await fixture.RunAsync(7, settings, settings, settings);
        Assert.Equal(60, fixture.State.Columns[0].Tokens.Count);
        Assert.All(fixture.State.Columns, column => Assert.Equal(fixture.State.Columns[0].Tokens.Select(token => token.Score.TokenId), column.Tokens.Select(token => token.Score.TokenId)));
        Assert.Null(fixture.State.Fork);
        Assert.Equal(60, Fork.Agreed(fixture.State.Columns));
    }

    [Fact]
    public async Task A_model_that_is_unloaded_makes_no_column_stale()
    {
        await using var fixture = await CompareFixture.StartAsync([null]);
        await fixture.RunAsync(7, new SamplingParams { MaxTokens = 4 }, new SamplingParams { MaxTokens = 5 });
        Assert.All(fixture.State.Columns, column => Assert.False(fixture.State.IsStale(column)));
        fixture.Catalogue.Remove(fixture.Catalogue.Default!);
        Assert.All(fixture.State.Columns, column => Assert.False(fixture.State.IsStale(column)));
    }

    [Fact]
    public async Task Seeds_of_a_link_that_columns_cannot_have_are_told()
    {
        await using var fixture = await CompareFixture.StartAsync([null]);
        fixture.State.Open("http://localhost/compare#prompt=P&seed=5&2.seed=6&columns=3&3.seed=7");
        Assert.Empty(fixture.State.Refused);
        Assert.Equal([5UL, 6UL, 7UL], fixture.State.Link.Columns.Select(column => column.Sampling.Seed!.Value));
        fixture.State.Open("http://localhost/compare#prompt=P&seed=5&2.seed=99&columns=2");
        Assert.Contains("these have 5, 6,", Assert.Single(fixture.State.Refused), StringComparison.Ordinal);
        fixture.State.Open("http://localhost/compare#prompt=P&seed=5&columns=2");
        Assert.Empty(fixture.State.Refused);
    }

    [Fact]
    public async Task Without_the_same_dice_the_same_settings_part()
    {
        await using var fixture = await CompareFixture.StartAsync([null]);
        var settings = new SamplingParams { Temperature = 2, MaxTokens = 40, StopAtEnd = false };
        await fixture.RunAsync(7, settings, settings);
        fixture.State.SetSameDice(false);
        await fixture.State.RunAllAsync();
        Assert.NotEqual(fixture.Text(0), fixture.Text(1));
        Assert.Null(SharedPlace.Of(fixture.State)!.Dart);
    }

    [Fact]
    public async Task Two_temperatures_agree_up_to_the_marked_token_and_its_two_distributions_explain_the_difference()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand);
        // A dart between the two ends of N's segment: 0.8 flattens, so its end lies before the dart, and that of 0.7 behind it.
        var (cool, warm) = (EndOfFirst(0.7), EndOfFirst(0.8));
        var seed = Enumerable.Range(1, 10_000).Select(number => (ulong)number).First(number => SeededRandom.NextUniform(number, 0, 5) is var u && u > warm + 0.005 && u < cool - 0.005);
        await fixture.RunAsync(seed, new() { Temperature = 0.7f, MaxTokens = 9 }, new() { Temperature = 0.8f, MaxTokens = 9 });

        Assert.Equal("aaaaaNzzz", fixture.Text(0));
        Assert.Equal("aaaaaDzzz", fixture.Text(1));
        Assert.Equal(5, fixture.State.Fork!.Position);

        var place = SharedPlace.Of(fixture.State)!;
        Assert.Equal((5, true, true), (place.Position, place.IsFork, place.IsSameRaw));
        var u = SeededRandom.NextUniform(seed, 0, 5);
        Assert.Equal(u, place.Dart);
        Assert.StartsWith("Here the columns part. Raw scores are the same", place.Sentence, StringComparison.Ordinal);
        foreach (var (entry, end, letter) in place.Columns.Zip([cool, warm], "ND"))
        {
            Assert.Equal(Shares[0], entry.Seen.Rows[0].Raw, 5);
            Assert.Equal(end, entry.Seen.Rows[0].Final!.Value, 5);
            var hit = entry.Seen.Ruler.Single(segment => segment.Low <= u && u < segment.High);
            Assert.True(hit.Chosen);
            Assert.Equal(letter.ToString(), Assert.Single(hit.Parts!).Text);
        }
        var table = place.Table();
        Assert.Equal("NDC", string.Concat(table.Take(3).Select(row => Assert.Single(row.Parts).Text)));
        Assert.Equal(Shares, table.Take(3).Select(row => Math.Round(row.Raw, 5)));
        Assert.Equal([cool, warm], table[0].Finals.Select(final => final!.Value), (one, other) => Math.Abs(one - other) < 1e-5);
        Assert.Equal([true, false], table[0].Chosen);
        Assert.Equal([false, true], table[1].Chosen);
    }

    [Fact]
    public async Task A_cut_token_is_told_with_what_cut_it()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand);
        await fixture.RunAsync(3, new() { TopK = 1, MaxTokens = 7 }, new() { TopP = 1, MaxTokens = 7 });
        fixture.State.Select(fixture.State.Columns[0], 5);
        var row = SharedPlace.Of(fixture.State)!.Table().Single(row => row.TokenId == 'D');
        Assert.Equal((null, SamplingStage.TopK), (row.Finals[0], row.CutBy[0]));
        Assert.Equal(0.25, row.Finals[1]!.Value, 5);
    }

    [Fact]
    public async Task A_greedy_column_throws_no_dart()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand);
        var seed = Enumerable.Range(1, 10_000).Select(number => (ulong)number).First(number => SeededRandom.NextUniform(number, 0, 5) > 0.9);
        await fixture.RunAsync(seed, new() { Temperature = 0, MaxTokens = 7 }, new() { MaxTokens = 7 });
        var place = SharedPlace.Of(fixture.State)!;
        Assert.Equal(5, place.Position);
        Assert.Null(place.Columns[0].Seen.Trace.U);
        Assert.Equal(place.Columns[1].Seen.Trace.U, place.Dart);
    }

    [Fact]
    public async Task A_token_before_the_fork_is_laid_side_by_side_and_one_behind_it_is_not()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand);
        var seed = Enumerable.Range(1, 10_000).Select(number => (ulong)number).First(number => SeededRandom.NextUniform(number, 0, 5) > 0.9);
        await fixture.RunAsync(seed, new() { Temperature = 0, MaxTokens = 9 }, new() { MaxTokens = 9 });
        fixture.State.Select(fixture.State.Columns[1], 2);
        Assert.Equal((2, false), (SharedPlace.Of(fixture.State)!.Position, SharedPlace.Of(fixture.State)!.IsFork));
        fixture.State.Select(fixture.State.Columns[1], 8);
        Assert.False(SharedPlace.IsShared(fixture.State, 8));
        Assert.Equal(5, SharedPlace.Of(fixture.State)!.Position);
    }

    [Fact]
    public async Task Columns_may_have_models_of_their_own()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand, (tokens, row) => row[tokens.Count < 4 ? 'a' : 'b'] = 1);
        await fixture.RunAsync(3, new() { Temperature = 0, MaxTokens = 8 }, new() { Temperature = 0, MaxTokens = 8 });
        fixture.State.SetModel(fixture.State.Columns[1], "hand1");
        await fixture.State.RunAllAsync();
        Assert.Equal(("aaaaaNzz", "aaabbbbb"), (fixture.Text(0), fixture.Text(1)));
        Assert.False(fixture.State.Fork!.ByToken);
        Assert.Equal([3, 3], fixture.State.Fork.Positions);
        Assert.Null(SharedPlace.Of(fixture.State));
    }

    [Fact]
    public async Task One_column_runs_again_beside_what_the_others_have()
    {
        await using var fixture = await CompareFixture.StartAsync([null]);
        var settings = new SamplingParams { Temperature = 1.5f, MaxTokens = 30, StopAtEnd = false };
        await fixture.RunAsync(7, settings, settings);
        var (first, second) = (fixture.State.Columns[0].Run, fixture.State.Columns[1].Run);
        fixture.State.Change(fixture.State.Columns[1], sampling => sampling with { Temperature = 0 });
        Assert.True(fixture.State.IsStale(fixture.State.Columns[1]));
        Assert.False(fixture.State.IsStale(fixture.State.Columns[0]));
        await fixture.State.RunAsync(fixture.State.Columns[1]);
        Assert.Same(first, fixture.State.Columns[0].Run);
        Assert.NotSame(second, fixture.State.Columns[1].Run);
        Assert.NotNull(fixture.State.Fork);
    }

    [Fact]
    public async Task Columns_are_cloned_and_removed_within_two_to_six()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand);
        var state = fixture.State;
        for (var i = 0; i < 9; i++)
        {
            state.Clone(state.Columns[0]);
        }
        Assert.Equal(6, state.Columns.Count);
        Assert.Equal(state.Columns[0].Sampling, state.Columns[1].Sampling);
        for (var i = 0; i < 9; i++)
        {
            state.Remove(state.Columns[0]);
        }
        Assert.Equal(2, state.Columns.Count);
        state.Take(Ladder.All[0]);
        Assert.Equal([0, 0.3f, 0.7f, 1.2f], state.Columns.Select(column => column.Sampling.Temperature));
    }

    [Fact]
    public async Task A_mistake_in_one_column_starts_none_and_is_told()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand);
        fixture.State.Change(fixture.State.Columns[1], sampling => sampling with { TopP = 3 });
        await fixture.State.RunAllAsync();
        Assert.All(fixture.State.Columns, column => Assert.Null(column.Run));
        Assert.StartsWith("Column B: Top-p must be", fixture.State.Announcement, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_refused_later_stands_in_its_column_and_the_others_go_on()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand);
        // The prompt has not been counted yet, so only the engine knows that this is too long.
        await fixture.RunAsync(1, new() { MaxTokens = 9 }, new() { MaxTokens = 256 });
        Assert.Equal(RunStatus.Done, fixture.State.Columns[0].Run!.Status);
        Assert.IsType<InvalidRequestException>(fixture.State.Columns[1].Run!.Error);
    }

    [Fact]
    public async Task A_link_brings_the_whole_comparison_and_does_not_run_it()
    {
        await using var fixture = await CompareFixture.StartAsync(ByHand);
        fixture.State.Take(Ladder.All[1]);
        fixture.State.SetSeed(4711);
        await using var other = fixture.NewState();
        other.Open("http://localhost/" + fixture.State.Link.Address);
        Assert.Equal(fixture.State.Link.Fragment, other.Link.Fragment);
        Assert.Equal(("P", 4711UL, 4), (other.Prompt, other.Seed, other.Columns.Count));
        Assert.All(other.Columns, column => Assert.Null(column.Run));
        // Coming back to the page by the same address keeps what is there now.
        other.Type("mine");
        other.Open("http://localhost/" + fixture.State.Link.Address);
        Assert.Equal("mine", other.Prompt);
    }

    [Fact]
    public async Task A_receipt_brings_all_columns_and_its_replay_agrees()
    {
        await using var fixture = await CompareFixture.StartAsync([null]);
        await fixture.RunAsync(7, new() { Temperature = 1, MaxTokens = 20 }, new() { Temperature = 1.5f, MaxTokens = 20 });
        var receipt = ReceiptJson.Read(ReceiptJson.Write(await fixture.State.Kept.ReceiptAsync(DateTimeOffset.UnixEpoch)));
        await using var other = fixture.NewState();
        other.Show(receipt);
        Assert.Equal([fixture.Text(0), fixture.Text(1)], other.Columns.Select(column => column.Run!.Sequences[0].Text));
        Assert.Equal(fixture.State.Fork!.Positions, other.Fork!.Positions);
        await other.ReplayAsync();
        Assert.Equal(2, other.Replays.Words.Count);
        Assert.All(other.Replays.Words, words => Assert.Matches("^Column [AB]: Replayed: all [0-9]+ tokens agree, bit for bit", words.Sentence));
    }
}
