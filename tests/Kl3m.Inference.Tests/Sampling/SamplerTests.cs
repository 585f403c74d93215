using Kl3m.Inference.Sampling;

namespace Kl3m.Inference.Tests.Sampling;

public sealed class SamplerTests
{
    private const int Vocabulary = 1000;

    private static readonly SamplingParams[] Settings =
    [
        new(),
        new() { Temperature = 0.7f, TopP = 0.95f, TopK = 50 },
        new() { Temperature = 2, MinP = 0.05f },
        new() { TypicalP = 0.6f },
        new() { TopP = 0.8f, RepetitionPenalty = 1.3f, FrequencyPenalty = 0.5f, PresencePenalty = 0.2f },
        new() { NoRepeatNgramSize = 2, LogitBias = new Dictionary<int, float> { [3] = 5, [900] = -100 }, TopK = 20, MinP = 0.01f },
    ];

    public static TheoryData<int> EachOfTheSettings => [.. Enumerable.Range(0, Settings.Length)];

    [Theory]
    [MemberData(nameof(EachOfTheSettings))]
    public void Many_draws_agree_with_the_distribution(int index)
    {
        const int Draws = 1_000_000;
        var settings = Settings[index];
        var logits = Row(new Random(5), 40, 2);
        int[] tokens = [3, 7, 3, 9, 3];
        settings = settings with { LogitBias = settings.LogitBias.Where(b => b.Key < 40).ToDictionary() };
        var sampler = new Sampler(40);
        var expected = new double[40];
        var last = sampler.Explain(logits, settings, tokens, 2).Stages[^1];
        foreach (var (id, probability) in last.TokenIds.Zip(last.Probabilities))
        {
            expected[id] = probability;
        }
        var observed = new int[40];
        for (var i = 0; i < Draws; i++)
        {
            observed[sampler.Sample(logits, settings, tokens, 2, SeededRandom.NextUniform(1, 0, i), 0).Score.TokenId]++;
        }

        Assert.All(observed.Zip(expected), pair => Assert.True(pair.First == 0 || pair.Second > 0));
        // Cells that expect fewer than five are put together: the approximation does not hold for them.
        var large = Enumerable.Range(0, 40).Where(id => expected[id] * Draws >= 5).ToArray();
        var cells = large.Select(id => (Observed: (double)observed[id], Expected: expected[id] * Draws)).ToList();
        var rest = (Observed: Draws - cells.Sum(c => c.Observed), Expected: Draws - cells.Sum(c => c.Expected));
        if (rest.Expected >= 5)
        {
            cells.Add(rest);
        }
        var statistic = cells.Sum(c => (c.Observed - c.Expected) * (c.Observed - c.Expected) / c.Expected);
        Assert.True(statistic < ChiSquare.Quantile9999(cells.Count - 1), $"chi-square is {statistic} for {cells.Count} cells");
    }

    [Fact]
    public void Sample_and_explain_tell_the_same_of_a_thousand_rows()
    {
        var random = new Random(11);
        var sampler = new Sampler(Vocabulary);
        for (var i = 0; i < 1000; i++)
        {
            var logits = Row(random, Vocabulary, 0.5f + 4 * random.NextSingle());
            var settings = RandomSettings(random);
            int[] tokens = [.. Enumerable.Range(0, 30).Select(_ => random.Next(20))];
            var explained = sampler.Explain(logits, settings, tokens, 12);
            var sampled = sampler.Sample(logits, settings, tokens, 12, random.NextDouble(), 30);
            var last = explained.Stages[^1];

            Assert.Equal(1, last.Probabilities.Sum(), 1e-9);
            Assert.Equal(last.TokenIds.Count, sampled.Trace.Kept);
            Assert.Equal(last.TokenIds.Order(), Enumerable.Range(0, Vocabulary).Where(id => explained.CutBy[id] is null));
            Assert.Equal(explained.Stages.Select(s => s.Trace with { Entropy = null }), sampled.Trace.Stages.Select(s => s with { Entropy = null }));
            Assert.All(explained.Stages.Zip(sampled.Trace.Stages), pair => Assert.Equal(pair.First.Trace.Entropy!.Value, pair.Second.Entropy ?? pair.First.Trace.Entropy!.Value, 1e-9));
            foreach (var alternative in sampled.Score.Alternatives)
            {
                Assert.Equal(explained.CutBy[alternative.TokenId], alternative.CutBy);
                var place = Array.IndexOf([.. last.TokenIds], alternative.TokenId);
                Assert.Equal(place < 0 ? 0 : last.Probabilities[place], Math.Exp(alternative.FinalLogprob), 1e-6);
            }
        }
    }

    [Fact]
    public void Segments_lie_end_to_end_from_0_to_1_in_raw_rank_order()
    {
        var random = new Random(3);
        var sampler = new Sampler(Vocabulary);
        foreach (var settings in Settings)
        {
            var logits = Row(random, Vocabulary, 2);
            // The penalties move the likeliest tokens: the ruler must not follow.
            int[] likely = [.. Enumerable.Range(0, Vocabulary).OrderByDescending(id => logits[id]).Take(6)];
            int[] tokens = [likely[0], likely[5], likely[2], likely[0], likely[2], likely[0]];
            var last = sampler.Explain(logits, settings, tokens, 3).Stages[^1];
            var end = 0.0;
            foreach (var (id, probability) in last.TokenIds.Zip(last.Probabilities))
            {
                var drawn = sampler.Sample(logits, settings, tokens, 3, end, 0);
                Assert.Equal(id, drawn.Score.TokenId);
                Assert.Equal(end, drawn.Trace.Low);
                Assert.Equal(probability, drawn.Trace.High - drawn.Trace.Low, 1e-12);
                end = drawn.Trace.High;
            }
            Assert.Equal(1, end);
        }
    }

    [Fact]
    public void The_numbers_of_a_token_are_those_of_the_definitions()
    {
        var logits = Row(new Random(9), Vocabulary, 3);
        logits[17] = logits[400];
        var largest = logits.Max();
        var sum = logits.Sum(x => Math.Exp(x - largest));
        var probabilities = logits.Select(x => Math.Exp(x - largest) / sum).ToArray();
        var sampler = new Sampler(Vocabulary);
        var ranked = Enumerable.Range(0, Vocabulary).OrderByDescending(id => logits[id]).ToArray();
        foreach (var id in new[] { 0, 17, 400, ranked[0], ranked[^1], 999 })
        {
            var score = sampler.Score(logits, id, 12);
            Assert.Equal(id, score.TokenId);
            Assert.Equal(Math.Log(probabilities[id]), score.RawLogprob, 1e-5);
            Assert.Equal(score.RawLogprob, score.FinalLogprob);
            Assert.Equal(Array.IndexOf(ranked, id) + 1, score.Rank);
            Assert.Equal(-probabilities.Sum(p => p * Math.Log2(p)), score.Entropy, 1e-5);
            Assert.Equal(ranked.Take(12), score.Alternatives.Select(a => a.TokenId));
            Assert.All(score.Alternatives, a => Assert.Equal(Math.Log(probabilities[a.TokenId]), a.RawLogprob, 1e-5));
            Assert.All(score.Alternatives, a => Assert.Null(a.CutBy));
        }
    }

    [Fact]
    public void Greedy_takes_the_lowest_of_equal_scores_after_penalties_and_draws_nothing()
    {
        float[] logits = [1, 3, 2, 2, 4];
        var settings = new SamplingParams { Temperature = 0, RepetitionPenalty = 2, TopK = 1, TopP = 0.1f };
        var drawn = new Sampler(5).Sample(logits, settings, [4, 1], 2, 0.9, 5);
        Assert.Equal(2, drawn.Score.TokenId);
        Assert.Equal(0, drawn.Score.FinalLogprob);
        Assert.Null(drawn.Trace.U);
        Assert.Equal((0, 1, 1), (drawn.Trace.Low, drawn.Trace.High, drawn.Trace.Kept));
        Assert.Equal([SamplingStage.Raw, SamplingStage.RepetitionPenalty, SamplingStage.Temperature], drawn.Trace.Stages.Select(s => s.Stage));
        var share = 1 / (3 + Math.Exp(-1) + Math.Exp(-0.5));
        Assert.Equal(share, drawn.Trace.Stages[^1].Mass, 1e-6);
        Assert.All(drawn.Score.Alternatives, a => Assert.Equal(a.TokenId == 2 ? null : SamplingStage.Temperature, a.CutBy));
    }

    [Fact]
    public void The_order_of_the_filters_is_that_of_the_stages()
    {
        float[] logits = [4, 3.9f, 3.8f, 0, -1];
        // Top-p sees what top-k left: 0.36 + 0.33 of the three, but 0.53 of the two.
        var sampler = new Sampler(5);
        Assert.Equal(1, sampler.Sample(logits, new() { TopK = 2, TopP = 0.5f }, [], 0, 0, 0).Trace.Kept);
        Assert.Equal(2, sampler.Sample(logits, new() { TopP = 0.5f }, [], 0, 0, 0).Trace.Kept);
        // Temperature comes first: a flatter distribution needs more tokens for the same mass.
        Assert.Equal(3, sampler.Sample(logits, new() { TopP = 0.95f }, [], 0, 0, 0).Trace.Kept);
        Assert.Equal(5, sampler.Sample(logits, new() { Temperature = 5, TopP = 0.95f }, [], 0, 0, 0).Trace.Kept);
        // The repetition penalty comes before the bias: 4 / 2 - 1, not (4 - 1) / 2.
        var settings = new SamplingParams { RepetitionPenalty = 2, LogitBias = new Dictionary<int, float> { [0] = -1 } };
        sampler.Sample(logits, settings, [0], 1, 0, 0);
        Assert.Equal(1, sampler.Scores[0]);
    }

    [Fact]
    public void Each_cut_token_names_the_first_stage_that_removed_it()
    {
        float[] logits = [5, 4, 3, 2, 1, float.NegativeInfinity];
        var settings = new SamplingParams { NoRepeatNgramSize = 1, TopK = 3, MinP = 0.3f };
        var drawn = new Sampler(6).Sample(logits, settings, [1], 1, 0, 10);
        SamplingStage?[] expected = [null, SamplingStage.NoRepeatNgram, SamplingStage.MinP, SamplingStage.MinP, SamplingStage.TopK];
        Assert.Equal([0, 1, 2, 3, 4], drawn.Score.Alternatives.Select(a => a.TokenId));
        Assert.Equal(expected, drawn.Score.Alternatives.Select(a => a.CutBy));
        Assert.Equal(SamplingStage.Raw, new Sampler(6).Explain(logits, settings, [1], 1).CutBy[5]);
        Assert.Equal([5, 4, 3, 1], drawn.Trace.Stages.Select(s => s.Kept));
        Assert.Equal(Math.Exp(4) / (Math.Exp(5) + Math.Exp(4) + Math.Exp(3) + Math.Exp(2) + Math.Exp(1)), 1 - drawn.Trace.Stages[1].Mass, 1e-6);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_broken_row_is_an_error_and_leaves_the_sampler_usable(float broken)
    {
        var sampler = new Sampler(Vocabulary);
        var logits = Row(new Random(2), Vocabulary, 1);
        var before = sampler.Sample(logits, Settings[1], [], 0, 0.4, 3);
        foreach (var place in new[] { 0, 500, 999 })
        {
            var row = logits.ToArray();
            row[place] = broken;
            Assert.Throws<InvalidOperationException>(() => sampler.Sample(row, Settings[1], [], 0, 0.5, 3));
            Assert.Throws<InvalidOperationException>(() => sampler.Score(row, 3, 3));
        }
        Assert.Throws<InvalidOperationException>(() => sampler.Score(Enumerable.Repeat(float.NegativeInfinity, Vocabulary).ToArray(), 3, 3));
        Assert.Equal(before.Score.TokenId, sampler.Sample(logits, Settings[1], [], 0, 0.4, 3).Score.TokenId);
    }

    [Fact]
    public void Hostile_rows_and_settings_give_a_token()
    {
        var flat = new float[Vocabulary];
        var huge = Enumerable.Range(0, Vocabulary).Select(i => i % 2 == 0 ? float.MaxValue : float.MinValue).ToArray();
        var one = Enumerable.Repeat(float.NegativeInfinity, Vocabulary).ToArray();
        one[77] = -1e30f;
        var tiny = Enumerable.Range(0, Vocabulary).Select(i => i * float.Epsilon).ToArray();
        var zeros = Enumerable.Range(0, Vocabulary).Select(i => i % 3 == 0 ? -0f : 0f).ToArray();
        var sampler = new Sampler(Vocabulary);
        int[] tokens = [1, 2, 3, 1, 2, 3, 1];
        SamplingParams[] extremes =
        [
            .. Settings, new() { Temperature = 1e-40f }, new() { Temperature = 100 }, new() { TopP = 0 }, new() { TopP = 0.9999999f }, new() { TopK = int.MaxValue },
            new() { MinP = 1 }, new() { TypicalP = 1e-30f }, new() { TypicalP = 0.9999999f }, new() { RepetitionPenalty = 1e-38f }, new() { RepetitionPenalty = 1e38f },
            new() { Temperature = 1e-30f, TopP = 0.5f, TypicalP = 0.5f }, new() { FrequencyPenalty = -2 }, new() { NoRepeatNgramSize = int.MaxValue },
        ];
        foreach (var row in new[] { flat, huge, one, tiny, zeros })
        {
            foreach (var settings in extremes)
            {
                foreach (var u in new[] { 0, 0.5, 1 - Math.Pow(2, -53) })
                {
                    var drawn = sampler.Sample(row, settings, tokens, 3, u, 20);
                    Assert.InRange(u, drawn.Trace.Low, drawn.Trace.High);
                    Assert.False(float.IsNaN(drawn.Score.FinalLogprob) || float.IsNaN(drawn.Score.RawLogprob) || float.IsNaN(drawn.Score.Entropy));
                    Assert.All(drawn.Trace.Stages, s => Assert.InRange(s.Mass, 0, 1));
                }
            }
        }
        Assert.Equal(77, sampler.Score(one, 77, 5).Alternatives.Single().TokenId);
    }

    [Fact]
    public void The_same_dart_takes_the_same_token_whatever_was_sampled_before()
    {
        var random = new Random(8);
        var used = new Sampler(Vocabulary);
        for (var i = 0; i < 50; i++)
        {
            var logits = Row(random, Vocabulary, 2);
            var settings = RandomSettings(random);
            var u = SeededRandom.NextUniform(1, 2, i);
            var drawn = used.Sample(logits, settings, [1, 2, 1], 1, u, 3);
            Assert.Equal(drawn.Score.TokenId, new Sampler(Vocabulary).Sample(logits, settings, [1, 2, 1], 1, u, 3).Score.TokenId);
        }
    }

    [Fact]
    public void Only_results_are_allocated()
    {
        var sampler = new Sampler(Vocabulary);
        var logits = Row(new Random(4), Vocabulary, 0.1f);
        int[] tokens = [.. Enumerable.Range(0, 500).Select(i => i % 90)];
        var settings = new SamplingParams { Temperature = 0.9f, TopP = 0.9f, TypicalP = 0.9f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.1f, NoRepeatNgramSize = 2 };
        sampler.Sample(logits, settings, tokens, 100, 0.9, 100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        sampler.Sample(logits, settings, tokens, 100, 0.9, 0);
        // A score, a trace and its handful of stages; a row of the vocabulary would be 4,000 bytes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Fact]
    public void Mistakes_of_the_caller_are_named()
    {
        var sampler = new Sampler(4);
        float[] logits = [1, 2, 3, 4];
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Sample(logits, new(), [], 0, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Sample(logits, new(), [], 0, double.NaN, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Sample(logits, new(), [1], 2, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Score(logits, 4, 0));
        Assert.Throws<ArgumentException>(() => sampler.Score([1, 2, 3], 0, 0));
        var bias = new SamplingParams { LogitBias = new Dictionary<int, float> { [4] = 1 } };
        var thrown = Assert.Throws<InvalidRequestException>(() => sampler.Sample(logits, bias, [], 0, 0, 0));
        Assert.Equal(nameof(SamplingParams.LogitBias), Assert.Single(thrown.Problems).Field);
    }

    private static float[] Row(Random random, int length, float spread)
    {
        var row = new float[length];
        foreach (ref var logit in row.AsSpan())
        {
            logit = spread * (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return row;
    }

    private static SamplingParams RandomSettings(Random random)
    {
        T Maybe<T>(T off, T on) => random.Next(3) == 0 ? on : off;
        return new()
        {
            Temperature = Maybe(1, 0.1f + 2 * random.NextSingle()) * Maybe(1, random.Next(4) == 0 ? 0 : 1),
            TopK = Maybe(0, 1 + random.Next(200)),
            TopP = Maybe(1, random.NextSingle()),
            MinP = Maybe(0, 0.2f * random.NextSingle()),
            TypicalP = Maybe(1, 0.01f + 0.98f * random.NextSingle()),
            RepetitionPenalty = Maybe(1, 0.5f + random.NextSingle()),
            FrequencyPenalty = Maybe(0, random.NextSingle()),
            PresencePenalty = Maybe(0, random.NextSingle()),
            NoRepeatNgramSize = Maybe(0, 1 + random.Next(3)),
            LogitBias = Maybe(new Dictionary<int, float>(), new() { [random.Next(Vocabulary)] = 3, [7] = -100 }),
        };
    }
}
