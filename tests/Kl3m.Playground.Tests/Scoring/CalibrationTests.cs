using Kl3m.Inference;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Tests.Scoring;

public sealed class CalibrationTests
{
    [Fact]
    public void A_model_whose_favourite_comes_as_often_as_it_says_lies_on_the_line()
    {
        // Of ten places with 75% said, the favourite comes at eight; of four with 25%, at one.
        var calibration = Calibration.Of(Text([.. Places(0.75, 8, 10), .. Places(0.25, 1, 4)]));
        Assert.Equal([2, 7], calibration.Points.Select(point => point.Group));
        Assert.Equal([4, 10], calibration.Points.Select(point => point.Count));
        Assert.Equal([0.25, 0.75], calibration.Points.Select(point => Math.Round(point.Said, 5)));
        Assert.Equal([0.25, 0.8], calibration.Points.Select(point => point.Came));
        Assert.Equal((14, 9.0 / 14), (calibration.Count, calibration.Came));
    }

    [Fact]
    public void A_share_of_one_belongs_to_the_last_group()
    {
        Assert.Equal(9, Assert.Single(Calibration.Of(Text(Places(1, 3, 3))).Points).Group);
    }

    private static IEnumerable<TokenScore?> Places(double share, int hits, int count) => Enumerable.Range(0, count).Select(i => new TokenScore
    {
        TokenId = i < hits ? 1 : 2,
        RawLogprob = (float)Math.Log(i < hits ? share : 0.01),
        FinalLogprob = 0,
        Rank = i < hits ? 1 : 5,
        Entropy = 1,
        Alternatives = [new(1, (float)Math.Log(share), 0, null)],
    });

    private static ScoredText Text(IEnumerable<TokenScore?> scores) => new()
    {
        Text = "",
        Model = new() { Id = "m", ContextLength = 8, VocabularySize = 10, EndTokenIds = [], ParameterCount = 1, Dtype = "fp32", Device = "cpu" },
        Recipe = new(8, 4),
        Tokens = [.. scores.Select(score => new ScoredToken(score!.TokenId, "", 0, score))],
        Windows = [],
        Elapsed = default,
    };
}
