using Kl3m.Inference.Sampling;

namespace Kl3m.Inference.Tests.Sampling;

public sealed class LogitsFiltersTests
{
    [Fact]
    public void Repetition_penalty_counts_a_token_once_and_lowers_both_signs()
    {
        float[] original = [2, -2, 2, 0];
        var scores = original.ToArray();
        LogitsFilters.RepetitionPenalty(original, scores, [0, 0, 1, 1, 0, 3], 2);
        Assert.Equal([1, -4, 2, 0], scores);
    }

    [Fact]
    public void Frequency_counts_every_occurrence_and_presence_one()
    {
        float[] scores = [1, 1, 1];
        LogitsFilters.FrequencyPresencePenalty(scores, [0, 0, 0, 2], 0.5f, 0.25f, new int[3]);
        Assert.Equal([-0.75f, 1, 0.25f], scores);
    }

    [Fact]
    public void Frequency_and_presence_penalties_leave_the_prompt_alone()
    {
        var settings = new SamplingParams { FrequencyPenalty = 1, PresencePenalty = 1 };
        var sampler = new Sampler(4);
        sampler.Sample([0, 0, 0, 0], settings, [1, 1, 2], 2, 0, 0);
        Assert.Equal([0, 0, -2, 0], sampler.Scores);
    }

    [Fact]
    public void Impossible_tokens_stay_impossible_and_no_score_overflows()
    {
        float[] scores = [float.NegativeInfinity, float.MaxValue, float.MinValue];
        var original = scores.ToArray();
        LogitsFilters.RepetitionPenalty(original, scores, [0, 1, 2], 0.5f);
        Assert.Equal([float.NegativeInfinity, float.MaxValue, float.MinValue / 2], scores);
        LogitsFilters.LogitBias(scores, new Dictionary<int, float> { [0] = 100 });
        Assert.Equal(float.NegativeInfinity, scores[0]);
        LogitsFilters.RepetitionPenalty(original, scores, [2], 2);
        Assert.Equal(float.MinValue, scores[2]);
    }

    [Theory]
    [InlineData(1, "1 2 3", "1 2 3")]
    [InlineData(2, "1 2 3 1", "2")]
    [InlineData(2, "1 1 1", "1 1")]
    [InlineData(3, "1 2 3 1 2 4 1 2", "3 4")]
    [InlineData(3, "1 2", "")]
    [InlineData(3, "1", "")]
    [InlineData(100, "1 2 3", "")]
    [InlineData(1, "", "")]
    [InlineData(2, "", "")]
    public void No_repeat_ngram_bans_what_followed_the_last_tokens_before(int size, string tokens, string expected)
    {
        var banned = new List<int>();
        LogitsFilters.NoRepeatNgram(Ids(tokens), size, banned);
        Assert.Equal(Ids(expected), banned);
    }

    [Fact]
    public void A_temperature_too_low_for_floats_still_keeps_the_order()
    {
        float[] scores = [20, 19, .. Enumerable.Repeat(float.NegativeInfinity, 14)];
        var max = LogitsFilters.Temperature(scores, scores, 20, 1e-38f);
        Assert.Equal(0, max);
        Assert.Equal(0, scores[0]);
        Assert.True(scores[1] < -1e37f && float.IsFinite(scores[1]));
        Assert.True(float.IsNegativeInfinity(scores[2]));
    }

    private static int[] Ids(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
}
