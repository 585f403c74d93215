using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components.Shared;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Runs;

public sealed class RunTests
{
    [Fact]
    public async Task A_whole_run_holds_all_that_was_told()
    {
        var run = await TestRun.WholeAsync(sequences: 3, maxTokens: 20);

        Assert.Equal(RunStatus.Done, run.Status);
        Assert.Equal([20, 20, 20], run.Sequences.Select(sequence => sequence.Tokens.Count));
        Assert.Equal(60, run.Usage!.CompletionTokens);
        Assert.All(run.Sequences, sequence => Assert.Equal(string.Concat(sequence.Tokens.Select(token => token.Text)), sequence.Text));
        Assert.All(run.Sequences, sequence => Assert.Equal(FinishReason.Length, sequence.Finished!.Reason));
        Assert.Equal(7UL, run.Seed);
        Assert.Equal(TimeSpan.FromMilliseconds(5), run.FirstToken);
        Assert.Equal(TimeSpan.FromMilliseconds(65), run.Elapsed);
        Assert.Equal(59 / 0.06, run.TokensPerSecond!.Value, 6);
    }

    [Fact]
    public void The_status_goes_from_the_line_through_the_prompt_to_the_text()
    {
        var run = TestRun.New();
        Assert.Equal(RunStatus.Queued, run.Status);
        run.Record(new GenerationStarted([1, 2], 5));
        Assert.Equal(RunStatus.Queued, run.Status);
        run.Record(new PromptProgress(1, 2));
        Assert.Equal((RunStatus.Prefill, 1), (run.Status, run.PromptProgress!.Done));
        run.Record(TestRun.Letter(0, 'a'));
        Assert.Equal(RunStatus.Writing, run.Status);
    }

    [Fact]
    public void The_time_in_the_line_runs_down_and_never_below_zero()
    {
        var time = new FakeTimeProvider();
        var run = new Run(new() { Prompt = "p" }, TestRun.New().Model, time);
        Assert.Null(run.UntilStart);
        time.Advance(TimeSpan.FromSeconds(10));
        run.Record(new GenerationQueued(3, TimeSpan.FromSeconds(6)));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(4), run.UntilStart);
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.Zero, run.UntilStart);
        run.Record(new GenerationQueued(2, null));
        Assert.Null(run.UntilStart);
    }

    [Fact]
    public void Each_change_shows_in_the_version_and_nothing_changes_after_the_end()
    {
        var run = TestRun.New();
        run.Record(TestRun.Letter(0, 'a'));
        var before = run.Version;
        run.Cancel();
        Assert.Equal((before + 1, RunStatus.Stopped), (run.Version, run.Status));
        run.Record(TestRun.Letter(1, 'b'));
        run.Fail(new EngineFailedException("late"));
        run.Cancel();
        Assert.Equal((before + 1, RunStatus.Stopped, "a"), (run.Version, run.Status, run.Sequences[0].Text));
        Assert.Null(run.Error);
    }

    [Fact]
    public void A_failed_run_keeps_what_was_written()
    {
        var run = TestRun.New();
        run.Record(TestRun.Letter(0, 'a'));
        run.Fail(new EngineFailedException("out of memory"));
        Assert.Equal((RunStatus.Failed, "a", "out of memory"), (run.Status, run.Sequences[0].Text, run.Error!.Message));
    }

    [Fact]
    public void The_clock_stops_when_the_run_does()
    {
        var time = new FakeTimeProvider();
        var run = new Run(new GenerationRequest { Prompt = "x" }, TestRun.Generator.Model, time);
        time.Advance(TimeSpan.FromSeconds(1));
        run.Record(TestRun.Letter(0, 'a'));
        time.Advance(TimeSpan.FromSeconds(2));
        run.Record(TestRun.Letter(1, 'b'));
        run.Record(TestRun.Letter(2, 'c'));
        run.Cancel();
        time.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), 1.0), (run.FirstToken, run.Elapsed, run.TokensPerSecond));
    }

    [Fact]
    public void Perplexity_is_the_exponential_of_the_mean_surprisal()
    {
        var run = TestRun.New();
        run.Record(TestRun.Letter(0, 'a', 0.5));
        run.Record(TestRun.Letter(1, 'b', 0.125));
        var surprise = run.Sequences[0].Measure();
        Assert.Equal(4, surprise.Perplexity!.Value, 5);
        Assert.Equal(2, surprise.MeanBits!.Value, 5);
        Assert.Null(TestRun.New().Sequences[0].Measure().Perplexity);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0.5, 1)]
    [InlineData(0.4999, 2)]
    [InlineData(0.1, 2)]
    [InlineData(0.0999, 3)]
    [InlineData(0.01, 3)]
    [InlineData(0.001, 4)]
    [InlineData(0.000999, 5)]
    [InlineData(0, 5)]
    [InlineData(double.NaN, 5)]
    public void Bins_are_fixed_and_their_lower_edge_belongs_to_them(double probability, int bin) => Assert.Equal(bin, Surprise.Bin((float)Math.Log(probability)));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(10, 2)]
    [InlineData(11, 3)]
    [InlineData(1000, 4)]
    [InlineData(1001, 5)]
    public void Bands_of_rank_are_fixed(int rank, int band) => Assert.Equal(band, Surprise.Band(rank));

    [Fact]
    public void Counts_by_bin_and_by_band_add_up()
    {
        var run = TestRun.New();
        foreach (var (p, rank) in new[] { (0.9, 1), (0.2, 2), (0.02, 11), (0.002, 101), (0.0002, 1001), (0.6, 1) })
        {
            run.Record(TestRun.Letter(run.Sequences[0].Tokens.Count, 'a', p, rank));
        }
        var surprise = run.Sequences[0].Measure();
        Assert.Equal([2, 1, 1, 1, 1], surprise.ByBin);
        Assert.Equal([2, 1, 1, 1, 1], surprise.ByBand);
    }

    [Fact]
    public void A_place_outside_the_run_is_not_found()
    {
        var run = TestRun.New();
        run.Record(TestRun.Letter(0, 'a'));
        Assert.NotNull(run.Find(new(0, 0)));
        Assert.All(new SelectedToken?[] { null, new(0, 1), new(1, 0), new(-1, 0), new(0, -1) }, place => Assert.Null(run.Find(place)));
    }

    [Fact]
    public async Task A_reader_sees_every_token_that_the_version_promises()
    {
        var run = TestRun.New(maxTokens: 20_000);
        var sequence = run.Sequences[0];
        var writing = Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                run.Record(TestRun.Letter(i, (char)('a' + i % 26)));
            }
        });
        while (!writing.IsCompleted)
        {
            var version = run.Version;
            var standing = sequence.Tokens.ToList();
            Assert.True(standing.Count >= version);
            Assert.Equal(Enumerable.Range(0, standing.Count), standing.Select(token => token.Position));
            var surprise = sequence.Measure();
            Assert.Equal(surprise.Tokens, surprise.ByBin.Sum());
            Assert.True(sequence.Text.Length >= version);
        }
        await writing;
        Assert.Equal(20_000, sequence.Text.Length);
    }
}
