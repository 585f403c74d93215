using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class SamplingWordsTests
{
    private static readonly StageTrace Raw = new(SamplingStage.Raw, 0, 4096, 1, 3);

    [Fact]
    public void Each_filter_says_what_it_cut_and_why()
    {
        Assert.Equal("Top-k 50 cut 4,046 tokens; top-p 0.95 then cut 45: the first five reach 95.9%.",
            Say(new(SamplingStage.TopK, 50, 50, 0.98, null), new(SamplingStage.TopP, 0.95f, 5, 0.959, null)));
        Assert.Equal("Top-p 0.1 cut 4,095 tokens: the first alone reaches 41.2%.", Say(new StageTrace(SamplingStage.TopP, 0.1f, 1, 0.412, null)));
        Assert.Equal("Min-p 0.05 cut 4,084 tokens: less likely than 5.0% of the favourite.", Say(new StageTrace(SamplingStage.MinP, 0.05f, 12, 0.9, null)));
        Assert.Equal("Typical-p 0.9 cut 4,088 tokens: the 8 most typical left hold 90.2%.", Say(new StageTrace(SamplingStage.TypicalP, 0.9f, 8, 0.902, null)));
        Assert.Equal("No repeated 3-grams cut 2 tokens.", Say(new StageTrace(SamplingStage.NoRepeatNgram, 3, 4094, 0.7, null)));
    }

    [Fact]
    public void What_cuts_nothing_is_said_too()
    {
        Assert.Equal("Temperature 0.7 sharpened the distribution; top-p 0.999 cut nothing.",
            Say(new(SamplingStage.Temperature, 0.7f, 4096, 1, null), new(SamplingStage.TopP, 0.999f, 4096, 1, null)));
        Assert.Equal("Repetition penalty 1.1 made tokens that came before less likely.", Say(new StageTrace(SamplingStage.RepetitionPenalty, 1.1f, 4096, 1, null)));
        Assert.Equal("No filter was on: this was drawn from the model's own distribution.", Say());
    }

    [Fact]
    public void Greedy_throws_no_dart()
    {
        Assert.Equal("Temperature 0 is greedy: the most likely token that is left is taken, and no dart is thrown.",
            SamplingWords.Sentence(new([Raw, new(SamplingStage.Temperature, 0, 1, 1, null)], null, 0, 1, 1)));
        Assert.Equal("Repetition penalty 1.3 made tokens that came before less likely. Temperature 0 is greedy: the most likely token that is left is taken, and no dart is thrown.",
            SamplingWords.Sentence(new([Raw, new(SamplingStage.RepetitionPenalty, 1.3f, 4096, 1, null)], null, 0, 1, 1)));
    }

    [Fact]
    public void A_remote_server_that_tells_nothing_is_not_put_words_in_its_mouth() =>
        Assert.Equal("No draw was recorded for this token: whoever wrote it did not tell one.", SamplingWords.Sentence(new([], null, 0, 1, 0)));

    [Fact]
    public void Every_stage_has_a_name() => Assert.All(Enum.GetValues<SamplingStage>(), stage => Assert.NotEqual(stage.ToString(), SamplingWords.Name(stage)));

    private static string Say(params StageTrace[] stages) => SamplingWords.Sentence(new([Raw, .. stages], 0.5, 0, 1, 5));
}
