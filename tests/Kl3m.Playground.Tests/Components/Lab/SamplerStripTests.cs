using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Lab;

public sealed partial class SamplerStripTests
{
    private const int Vocabulary = 1500;

    [Fact]
    public void Fifty_positions_under_two_hundred_settings_each_show_what_the_sampler_itself_does()
    {
        var random = new Random(6);
        var (strips, sampler) = (new Sampler(Vocabulary), new Sampler(Vocabulary));
        for (var position = 0; position < 50; position++)
        {
            var place = TestPlace.Random(random, Vocabulary, withImpossible: position % 5 == 0);
            for (var i = 0; i < 200; i++)
            {
                var settings = TestPlace.Settings(random, Vocabulary);
                var strip = SamplerStrip.Work(strips, place, settings, traced: null);
                var sampled = sampler.Sample(place.Logits.Row.Span, settings, place.Tokens, place.PromptLength, place.U, alternatives: SamplerStrip.Rows);

                Assert.Equal(sampled.Score.TokenId, strip.Draw.Score.TokenId);
                Assert.Equal(sampled.Trace.Kept, strip.Final.TokenIds.Count);
                Assert.Single(strip.Tokens, row => row.IsDrawn);
                foreach (var own in sampled.Score.Alternatives.Append(new(sampled.Score.TokenId, sampled.Score.RawLogprob, sampled.Score.FinalLogprob, null)))
                {
                    if (strip.Row(own.TokenId) is { } row)
                    {
                        Assert.Equal(Math.Exp(own.RawLogprob), row.Cells[0].Share!.Value, 1e-6);
                        Assert.Equal(float.IsNegativeInfinity(own.FinalLogprob), row.Final is null);
                        Assert.Equal(Math.Exp(own.FinalLogprob), row.Final ?? 0, 1e-6);
                        Assert.Equal(own.CutBy, row.CutBy);
                        // Cut once, with words, at the stage that the sampler names.
                        Assert.Equal(own.CutBy is null ? 0 : 1, row.Cells.Count(cell => cell.Cut is not null));
                        Assert.True(own.CutBy is not { } cut || row.Cells[(int)StripStages.Of(cut)].Cut is { Length: > 0 });
                    }
                }
                // What is open is where the sampler says that a stage is on, with its numbers.
                foreach (var stage in sampled.Trace.Stages.GroupBy(stage => StripStages.Of(stage.Stage)))
                {
                    Assert.True(strip[stage.Key].IsOn);
                    Assert.Equal(stage.Last().Kept, strip[stage.Key].Kept);
                    Assert.Equal(stage.Aggregate(1.0, (product, step) => product * step.Mass), strip[stage.Key].Mass, 1e-9);
                }
            }
        }
    }

    [Fact]
    public void The_shares_of_every_stage_add_up_to_one_rows_and_rest_together()
    {
        var random = new Random(7);
        var sampler = new Sampler(Vocabulary);
        for (var i = 0; i < 300; i++)
        {
            var strip = SamplerStrip.Work(sampler, TestPlace.Random(random, Vocabulary), TestPlace.Settings(random, Vocabulary), random.Next(Vocabulary));
            foreach (var stage in StripStages.All)
            {
                var rows = strip.Tokens.Sum(row => row.Cells[(int)stage].Share ?? 0);
                Assert.Equal(1, rows + (strip.Rest.Shares[(int)stage] ?? 0), 1e-6);
                Assert.InRange(rows, 0, 1 + 1e-9);
            }
            Assert.Equal(SamplerStrip.Rows, strip.Tokens.Count);
            Assert.Equal(strip.Tokens.Select(row => row.TokenId).Distinct().Count(), strip.Tokens.Count);
            Assert.Contains(strip.Tokens, row => row.TokenId == strip.Traced);
            Assert.Contains(strip.Tokens, row => row.IsTaken);
        }
    }

    [Fact]
    public void Every_golden_row_of_transformers_keeps_the_same_tokens_through_the_strip()
    {
        var golden = JsonNode.Parse(File.ReadAllText(SharedFolder.Require("golden/neox/sampling/cases.json")))!;
        var seen = 0;
        foreach (var expected in golden["cases"]!.AsArray())
        {
            var given = expected!["params"]!.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value);
            if (expected["error"] is not null || expected["tie_at_cut"]?.GetValue<bool>() == true || expected["kept_ids"] is null
                || given.Any(pair => pair.Value is not null && !Known.Contains(pair.Key)))
            {
                continue;
            }
            var logits = golden["vectors"]![expected["vector"]!.GetValue<string>()]!.AsArray().Select(Number).ToArray();
            var context = expected["context_ids"]!.AsArray().Select(id => id!.GetValue<int>()).ToArray();
            float Get(string name, float off) => given.GetValueOrDefault(name) is { } value ? Number(value) : off;
            var settings = new SamplingParams
            {
                Temperature = Get("temperature", 1), TopK = given.ContainsKey("top_k") ? (int)Get("top_k", 0) : 50, TopP = Get("top_p", 1), MinP = Get("min_p", 0), TypicalP = Get("typical_p", 1),
                RepetitionPenalty = Get("repetition_penalty", 1), NoRepeatNgramSize = (int)Get("no_repeat_ngram_size", 0),
            };
            var strip = SamplerStrip.Work(new Sampler(logits.Length), new(new PositionLogits(logits, false), context, context.Length, 0.5, null), settings, null);
            Assert.Equal(expected["kept_ids"]!.AsArray().Select(id => id!.GetValue<int>()).Order(), strip.Final.TokenIds.Order());
            Assert.All(strip.Tokens, row => Assert.Equal(strip.Final.TokenIds.Contains(row.TokenId), row.Final is not null));
            seen++;
        }
        Assert.InRange(seen, 200, 438);
    }

    private static readonly string[] Known = ["temperature", "top_k", "top_p", "min_p", "typical_p", "repetition_penalty", "no_repeat_ngram_size", "do_sample"];

    private static float Number(JsonNode? node) => node!.GetValueKind() == JsonValueKind.String
        ? node.GetValue<string>() switch { "Infinity" => float.PositiveInfinity, "-Infinity" => float.NegativeInfinity, _ => float.NaN }
        : node.GetValue<float>();

    [Fact]
    public void The_sum_that_is_written_out_comes_to_the_final_share()
    {
        var random = new Random(8);
        var sampler = new Sampler(Vocabulary);
        var counted = 0;
        for (var i = 0; i < 400; i++)
        {
            var strip = SamplerStrip.Work(sampler, TestPlace.Random(random, Vocabulary), TestPlace.Settings(random, Vocabulary), null);
            foreach (var row in strip.Tokens)
            {
                var sum = TokenSum.Of(strip, row, id => $"token {id}");
                Assert.NotEmpty(sum.Conclusion);
                if (row.Final is not { } final || strip.Settings.Temperature == 0)
                {
                    continue;
                }
                Assert.Equal(Numbers.Share(final), sum.Lines[^1].Result);
                // The line "weight ÷ sum": done again from its own digits.
                var numbers = Digits().Matches(sum.Lines[^1].Expression).Select(match => double.Parse(match.Value.Replace('−', '-'), CultureInfo.InvariantCulture)).ToArray();
                Assert.Equal(final, numbers[0] / numbers[1..].Sum(), 0.06 * final + 0.002);
                counted++;
            }
        }
        Assert.True(counted > 500);
    }

    [GeneratedRegex(@"\d+(\.\d+)?(e[−-]?\d+)?")]
    private static partial Regex Digits();

    [Fact]
    public void A_cut_says_the_number_that_decided_it()
    {
        // Shares 1/2, 1/4, 1/8, 1/16, 1/16.
        float[] logits = [MathF.Log(8), MathF.Log(4), MathF.Log(2), 0, 0];
        var place = new StripPlace(new PositionLogits(logits, false), [1], 1, 0.1, null);
        string? Cut(SamplingParams settings, int id) => SamplerStrip.Work(new Sampler(5), place, settings, null).Row(id)!.Cells.Select(cell => cell.Cut).SingleOrDefault(cut => cut is not null);
        Assert.Equal("cut: rank 3 > 2", Cut(new() { TopK = 2 }, 2));
        Assert.Equal("cut: 0.875 already ≥ 0.8", Cut(new() { TopP = 0.8f }, 3));
        Assert.Equal("cut: 12.5% of the top", Cut(new() { MinP = 0.2f }, 3));
        Assert.Equal("cut: greedy takes the top token", Cut(new() { Temperature = 0 }, 1));
        Assert.Null(Cut(new() { TopP = 0.8f }, 2));
    }
}
