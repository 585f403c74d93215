using Kl3m.Inference;
using Kl3m.Playground.Components.Pages.About;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Tests.Components.Shell;

public sealed class SettingsTests
{
    private static readonly Settings Settings = new(vocabularySize: 32_768, contextLength: 8_192);

    public static TheoryData<string> Fields => [.. Settings.Main.Concat(Settings.Advanced).Select(setting => setting.Field)];

    private static Setting Find(string field) => Settings.Main.Concat(Settings.Advanced).Single(setting => setting.Field == field);

    [Theory, MemberData(nameof(Fields))]
    public void Every_stop_of_a_slider_is_a_value_that_the_sampler_takes_and_the_slider_finds_again(string field)
    {
        var setting = Find(field);
        for (var stop = 0; stop <= setting.Scale.Last; stop++)
        {
            var sampling = setting.With(new SamplingParams(), setting.Scale.Stops[stop]);
            Assert.Empty(sampling.Validate());
            Assert.Equal(setting.Scale.Stops[stop], setting.Get(sampling));
            Assert.Equal(stop, setting.Scale.IndexOf(setting.Get(sampling)));
        }
    }

    [Theory, MemberData(nameof(Fields))]
    public void Zones_begin_at_the_first_stop_and_ascend(string field)
    {
        var setting = Find(field);
        var starts = setting.Zones.Select(zone => setting.Scale.IndexOf(zone.From)).ToList();
        Assert.Equal(0, starts[0]);
        Assert.Equal(starts.Distinct().Order(), starts);
    }

    [Fact]
    public void Neutral_settings_are_the_models_own_distribution()
    {
        var loud = new SamplingParams { Temperature = 0.3f, TopK = 5, TopP = 0.5f, MinP = 0.1f, Stop = ["x"], MaxTokens = 7, Sequences = 2, Seed = 1 };
        Assert.Equal(new SamplingParams().Temperature, Settings.Neutralise(loud).Temperature);
        Assert.Equal((7, 2, 1UL, 0, 1f), (Settings.Neutralise(loud).MaxTokens, Settings.Neutralise(loud).Sequences, Settings.Neutralise(loud).Seed!.Value, Settings.Neutralise(loud).TopK, Settings.Neutralise(loud).TopP));
        Assert.All(Settings.Advanced, setting => Assert.True(setting.IsNeutral(Settings.Neutralise(loud))));
    }

    [Theory]
    [InlineData(0.2, "steady")]
    [InlineData(0.7, "usual")]
    [InlineData(1.2, "loose")]
    [InlineData(9, "wild")]
    public void A_temperature_lies_in_the_zone_that_its_word_names(double temperature, string word) =>
        Assert.Equal(word, Settings.Temperature.Zones[Settings.Temperature.ZoneOf(temperature)].Word);

    [Theory]
    [InlineData(0, "off")]
    [InlineData(1, "greedy")]
    [InlineData(50, "usual")]
    [InlineData(5000, "wide")]
    public void A_top_k_lies_in_the_zone_that_its_word_names(double k, string word) =>
        Assert.Equal(word, Settings.TopK.Zones[Settings.TopK.ZoneOf(k)].Word);

    [Theory]
    [InlineData(nameof(SamplingParams.Temperature), 300, "Use 100.00, the most that works")]
    [InlineData(nameof(SamplingParams.Temperature), -1, "Use 0.00, the least that works")]
    [InlineData(nameof(SamplingParams.TopP), 1.5, "Use 1.00, the most that works")]
    [InlineData(nameof(SamplingParams.Sequences), 0, "Use 1, the least that works")]
    public void A_value_out_of_range_is_kept_and_told_with_the_value_that_works(string field, double value, string remedy)
    {
        var setting = Find(field);
        var sampling = setting.With(new SamplingParams(), value);
        Assert.Equal(value, setting.Get(sampling));
        var problem = Assert.Single(SamplingProblems.Find(sampling, Settings, null, null));
        Assert.Equal((field, remedy), (problem.Field, problem.Fix?.Label));
        Assert.Empty(SamplingProblems.Find(problem.Fix!.Apply(sampling), Settings, null, null));
    }

    [Theory]
    [InlineData(@"\n\n", "\n\n")]
    [InlineData(@"a\tb", "a\tb")]
    [InlineData(@"\\n", @"\n")]
    [InlineData(@"C:\x\", @"C:\x\")]
    public void Escaped_text_is_read_as_it_is_meant(string written, string text)
    {
        Assert.Equal(text, EscapedText.Read(written));
        Assert.Equal(text, EscapedText.Read(EscapedText.Write(text)));
    }

    [Fact]
    public void A_cards_head_is_read_as_rows_and_its_absence_as_none()
    {
        const string card = "---\nlicense: cc-by-4.0\ntags:\n- kl3m\n- legal\ndate: '2024-02-20'\nlibrary_name: transformers\n---\n# Title\nkey: value";
        Assert.Equal([("license", "cc-by-4.0"), ("tags", "kl3m, legal"), ("date", "2024-02-20"), ("library name", "transformers")], FrontMatter.Read(card));
        Assert.Empty(FrontMatter.Read("# Title\n---\na: b\n---"));
        Assert.Empty(FrontMatter.Read("---\nnever closed: yes"));
        Assert.Empty(FrontMatter.Read(null));
    }
}
