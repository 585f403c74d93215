using Bunit;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class KnobExampleTests : BunitContext
{
    [Fact]
    public void Every_slider_has_one_sentence_or_two_and_a_picture_that_follows_its_value()
    {
        var settings = new Settings(32_768, 8_192);
        Assert.All(settings.Main.Concat(settings.Advanced), setting =>
        {
            Assert.EndsWith(".", setting.Sentence, StringComparison.Ordinal);
            var pictures = setting.Scale.Stops.Select(value => Render<KnobEffect>(parameters => parameters.Add(effect => effect.Field, setting.Field).Add(effect => effect.Value, value)).Markup).Distinct().Count();
            Assert.True(pictures > 2, setting.Field);
        });
    }

    [Fact]
    public void Pictures_of_the_filters_are_drawn_by_the_sampler()
    {
        Assert.Equal(KnobExample.Shares, Rounded(KnobExample.After(nameof(SamplingParams.MinP), 0)));
        // 0.2 of the favourite's 42% is 8.4%: the fourth token and all behind it go, and the others share what is left.
        Assert.Equal([0.545, 0.299, 0.156, 0, 0, 0, 0, 0], Rounded(KnobExample.After(nameof(SamplingParams.MinP), 0.2), 3));
        var repeated = KnobExample.After(nameof(SamplingParams.RepetitionPenalty), 1.5);
        Assert.True(repeated[0] < 0.42 && repeated[2] < 0.12 && repeated[1] > 0.23);
        Assert.Equal(KnobExample.Shares, KnobExample.After(nameof(SamplingParams.TypicalP), 7));
        Assert.Equal(KnobExample.Shares, KnobExample.After(nameof(SamplingParams.MinP), double.NaN));
    }

    private static IEnumerable<double> Rounded(double[] shares, int digits = 5) => shares.Select(share => Math.Round(share, digits));
}
