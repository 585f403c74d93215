using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class InspectedTokenTests
{
    private static readonly int Vocabulary = TestRun.Generator.Model.VocabularySize;

    [Fact]
    public void The_rest_is_what_the_rows_leave_over()
    {
        var seen = See(TestRun.Score('b', 0.2, 0.25, 2, TestRun.Likely('a', 0.6, 0.75), TestRun.Likely('b', 0.2, 0.25), TestRun.Likely('c', 0.1, 0, SamplingStage.TopP)), kept: 2, low: 0.75, high: 1);
        Assert.Equal(3, seen.Rows.Count);
        Assert.Equal(Vocabulary - 3, seen.RestTokens);
        Assert.Equal(0.1, seen.RestRaw, 6);
        Assert.Null(seen.RestFinal);
        Assert.Equal([null, null, SamplingStage.TopP], seen.Rows.Select(row => row.CutBy));
        Assert.Null(seen.Rows[2].Final);
    }

    [Fact]
    public void The_rest_keeps_its_share_where_nothing_was_cut()
    {
        var seen = See(TestRun.Score('a', 0.6, 0.6, 1, TestRun.Likely('a', 0.6, 0.6)), kept: Vocabulary, low: 0, high: 0.6);
        Assert.Equal(0.4, seen.RestFinal!.Value, 6);
    }

    [Fact]
    public void The_rest_is_never_negative()
    {
        // Floats that add up to a little more than one.
        var seen = See(TestRun.Score('a', 0.6000002, 0.6, 1, TestRun.Likely('a', 0.6000002, 0.6), TestRun.Likely('b', 0.4, 0.4)), kept: Vocabulary, low: 0, high: 0.6);
        Assert.True(seen.RestRaw >= 0 && seen.RestFinal >= 0);
    }

    [Fact]
    public void A_token_outside_the_likely_ones_has_its_own_row_with_its_rank()
    {
        var seen = See(TestRun.Score('z', 0.01, 0.02, 57, TestRun.Likely('a', 0.6, 0.8), TestRun.Likely('b', 0.1, 0.1)), kept: 60, low: 0.95, high: 0.97);
        Assert.Equal([1, 2, 57], seen.Rows.Select(row => row.Rank));
        Assert.Equal([false, false, true], seen.Rows.Select(row => row.Chosen));
        Assert.Equal(Vocabulary - 3, seen.RestTokens);
        Assert.Equal(0.29, seen.RestRaw, 6);
    }

    [Fact]
    public void The_ruler_covers_zero_to_one_without_gaps_and_the_dart_is_in_the_chosen_segment()
    {
        var seen = See(TestRun.Score('z', 0.01, 0.02, 57, TestRun.Likely('a', 0.6, 0.8), TestRun.Likely('b', 0.1, 0.1)), kept: 60, low: 0.95, high: 0.97);
        AssertWhole(seen.Ruler);
        Assert.Equal([null, "z"], seen.Ruler.Skip(2).Take(2).Select(segment => segment.Parts is { } parts ? parts[0].Text : null));
        var hit = Assert.Single(seen.Ruler, segment => segment.Chosen);
        Assert.InRange(seen.Trace.U!.Value, hit.Low, hit.High);
    }

    [Fact]
    public async Task Rulers_of_a_whole_run_are_whole()
    {
        var run = await TestRun.WholeAsync();
        for (var position = 0; position < 32; position++)
        {
            var seen = InspectedToken.From(run, TestRun.Generator, new(0, position), 10)!;
            Assert.Single(seen.Rows, row => row.Chosen);
            Assert.Single(seen.Ruler, segment => segment.Chosen);
            Assert.Equal(0, seen.Ruler[0].Low);
        }
    }

    [Fact]
    public void Greedy_has_no_ruler()
    {
        var run = TestRun.New();
        run.Record(new TokenGenerated(0, 0, "a", TestRun.Score('a', 0.6, 1, 1, TestRun.Likely('a', 0.6, 1)), new([new(SamplingStage.Raw, 0, Vocabulary, 1, 1)], null, 0, 1, 1)));
        var seen = InspectedToken.From(run, TestRun.Generator, new(0, 0), 10)!;
        Assert.Empty(seen.Ruler);
        Assert.Null(seen.RestFinal);
    }

    [Fact]
    public void Fewer_rows_move_their_share_to_the_rest()
    {
        var run = TestRun.New();
        run.Record(new TokenGenerated(0, 0, "a", TestRun.Score('a', 0.6, 0.6, 1, TestRun.Likely('a', 0.6, 0.6), TestRun.Likely('b', 0.3, 0.3), TestRun.Likely('c', 0.05, 0.05)), TestRun.Free(0.6)));
        var seen = InspectedToken.From(run, TestRun.Generator, new(0, 0), rows: 1)!;
        Assert.Equal(Vocabulary - 1, seen.RestTokens);
        Assert.Equal(0.4, seen.RestRaw, 6);
    }

    private static void AssertWhole(IReadOnlyList<RulerSegment> ruler)
    {
        Assert.Equal(0, ruler[0].Low);
        Assert.Equal(1, ruler[^1].High, 6);
        Assert.All(ruler.Zip(ruler.Skip(1)), pair => Assert.Equal(pair.First.High, pair.Second.Low, 6));
    }

    private static InspectedToken See(TokenScore score, int kept, double low, double high)
    {
        var run = TestRun.New();
        run.Record(new TokenGenerated(0, 0, "b", score, new([new(SamplingStage.Raw, 0, Vocabulary, 1, 3), new(SamplingStage.TopP, 0.95f, kept, 0.96, null)], (low + high) / 2, low, high, kept)));
        return InspectedToken.From(run, TestRun.Generator, new(0, 0), 10)!;
    }
}
