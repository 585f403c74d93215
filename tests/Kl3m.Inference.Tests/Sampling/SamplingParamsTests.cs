namespace Kl3m.Inference.Tests.Sampling;

public sealed class SamplingParamsTests
{
    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(new SamplingParams().Validate());

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void No_number_may_be_infinite_or_not_a_number(float value)
    {
        (string Field, SamplingParams Settings)[] all =
        [
            (nameof(SamplingParams.Temperature), new() { Temperature = value }),
            (nameof(SamplingParams.TopP), new() { TopP = value }),
            (nameof(SamplingParams.MinP), new() { MinP = value }),
            (nameof(SamplingParams.TypicalP), new() { TypicalP = value }),
            (nameof(SamplingParams.RepetitionPenalty), new() { RepetitionPenalty = value }),
            (nameof(SamplingParams.FrequencyPenalty), new() { FrequencyPenalty = value }),
            (nameof(SamplingParams.PresencePenalty), new() { PresencePenalty = value }),
            (nameof(SamplingParams.LogitBias), new() { LogitBias = new Dictionary<int, float> { [1] = value } }),
        ];
        Assert.Equal(typeof(SamplingParams).GetProperties().Count(p => p.PropertyType == typeof(float)) + 1, all.Length);
        Assert.All(all, one => Assert.Equal(one.Field, Assert.Single(one.Settings.Validate()).Field));
    }

    [Fact]
    public void Every_setting_outside_its_range_is_named()
    {
        var settings = new SamplingParams
        {
            MaxTokens = -1, Sequences = 0, Temperature = -1, TopK = -1, TopP = 1.1f, MinP = -0.1f, TypicalP = 0, RepetitionPenalty = 0,
            FrequencyPenalty = 3, PresencePenalty = -3, NoRepeatNgramSize = -1, LogitBias = new Dictionary<int, float> { [1] = 101 }, Stop = [""],
        };
        var fields = settings.Validate().Select(problem => problem.Field).ToArray();
        Assert.Equal(13, fields.Distinct().Count());
    }
}
