using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Backends.Remote;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Classroom;
using Kl3m.Playground.Tests.Components.Lab;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>What pages make of a model whose server tells its likeliest tokens only.</summary>
public sealed class ToldTests
{
    private static readonly SamplingParams Cut = new() { MaxTokens = 12, Sequences = 2, Seed = 3, Temperature = 0.7f, TopK = 15, TopP = 0.9f };

    [Fact]
    public async Task Where_top_k_leaves_only_told_tokens_the_final_shares_are_the_engines_own()
    {
        await using var upstream = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(upstream);
        var request = new GenerationRequest { Prompt = "Governing law", Alternatives = 8, Sampling = Cut };
        var home = (await RemoteClient.RunAsync(upstream.Generator, request)).OfType<TokenGenerated>().OrderBy(token => (token.SequenceIndex, token.Position)).ToList();
        var away = (await client.RunAsync(request)).OfType<TokenGenerated>().OrderBy(token => (token.SequenceIndex, token.Position)).ToList();
        Assert.Equal(24, away.Count);
        foreach (var (own, told) in home.Zip(away))
        {
            Assert.Equal(own.Score.TokenId, told.Score.TokenId);
            Assert.Equal(own.Score.FinalLogprob, told.Score.FinalLogprob, 1e-4f);
            Assert.Equal(own.Trace.Kept, told.Trace.Kept);
            Assert.Equal(own.Score.Alternatives.Select(other => (other.TokenId, other.CutBy)), told.Score.Alternatives.Select(other => (other.TokenId, other.CutBy)));
            Assert.All(own.Score.Alternatives.Zip(told.Score.Alternatives), pair => Assert.Equal(Math.Exp(pair.First.FinalLogprob), Math.Exp(pair.Second.FinalLogprob), 1e-4));
        }
    }

    [Theory]
    [InlineData(21, 1f, 0f, 1f)] // reaches behind the told ones
    [InlineData(0, 0.9f, 0f, 1f)]
    [InlineData(15, 0.9f, 0.1f, 1f)] // vLLM has min-p before top-p
    [InlineData(15, 1f, 0f, 1.1f)] // works on logits, not on their differences
    public async Task What_hangs_on_more_than_the_told_tokens_stays_unknown(int topK, float topP, float minP, float penalty)
    {
        await using var upstream = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(upstream);
        var events = await client.RunAsync(new() { Prompt = "Governing law", Sampling = Cut with { TopK = topK, TopP = topP, MinP = minP, RepetitionPenalty = penalty } });
        Assert.All(events.OfType<TokenGenerated>(), token => Assert.True(float.IsNaN(token.Score.FinalLogprob)));
    }

    [Fact]
    public void The_strip_over_told_tokens_is_exact_where_it_says_so()
    {
        var random = new Random(4);
        var (whole, partly) = (new Sampler(600), new Sampler(600));
        var exact = 0;
        for (var i = 0; i < 300; i++)
        {
            var place = TestPlace.Random(random, 600) with { Taken = null };
            var settings = TestPlace.Settings(random, 600) with { RepetitionPenalty = 1, LogitBias = new SamplingParams().LogitBias, FrequencyPenalty = 0, PresencePenalty = 0, NoRepeatNgramSize = 0, TopK = random.Next(0, 30) };
            var full = SamplerStrip.Work(whole, place, settings, null);
            var raw = whole.Explain(place.Logits.Row.Span, new(), [], 0).Stages[0];
            (int Id, float Logprob)[] likeliest = [.. raw.TokenIds.Take(20).Select((id, at) => (id, (float)Math.Log(raw.Probabilities[at])))];
            var told = new ToldTokens(likeliest, likeliest[0].Id, likeliest[0].Logprob);
            var strip = SamplerStrip.Work(partly, place with { Logits = new PositionLogits(told.Row(600), false) { Told = likeliest.Select(token => token.Id).ToHashSet(), Likeliest = 20 } }, settings, null);
            Assert.Equal(raw.Probabilities[0], strip.Tokens[0].Cells[0].Share!.Value, 1e-5);
            Assert.All(strip.Tokens, row => Assert.Contains(row.TokenId, likeliest.Select(token => token.Id)));
            Assert.Equal(1 - likeliest.Take(12).Sum(token => Math.Exp(token.Logprob)), strip.Rest.Shares[0]!.Value, 1e-4);
            // Top-k alone decides it for certain; equal ones at its edge stay in together where all are known.
            if (settings.TopK is > 0 and <= 19 && settings.Temperature > 0 && full.Final.TokenIds.All(strip.Place.Knows) && full[StripStage.TopK].Kept == settings.TopK)
            {
                exact++;
                Assert.True(strip.IsTold);
                Assert.Equal(full.Final.TokenIds.Order(), strip.Final.TokenIds.Order());
                Assert.All(strip.Tokens, row => Assert.Equal(full.Final.TokenIds.Contains(row.TokenId) ? full.Final.Probabilities[full.Final.TokenIds.ToList().IndexOf(row.TokenId)] : null, row.Final ?? (double?)null, Near));
                Assert.Equal(full.Columns[^1].Entropy, strip.Columns[^1].Entropy, 1e-3);
            }
            if (settings is { TopK: 0 or > 20, TopP: 1, MinP: 0, TypicalP: 1, Temperature: > 0 })
            {
                Assert.False(strip.IsTold);
            }
        }
        Assert.InRange(exact, 60, 300);

        // The run's own token may be known, and yet nobody knows how many are likelier.
        var own = TestPlace.Random(random, 600);
        var all = whole.Explain(own.Logits.Row.Span, new(), [], 0).Stages[0];
        var (order, logprobs) = (all.TokenIds, all.Probabilities.Select(p => (float)Math.Log(p)).ToList());
        var row = new ToldTokens([.. order.Take(20).Select((id, at) => (id, logprobs[at]))], order[0], logprobs[0]).Row(600, (order[40], logprobs[19] - 0.1f));
        var reaching = SamplerStrip.Work(partly, own with { Taken = order[40], Logits = new PositionLogits(row, false) { Told = order.Take(20).Append(order[40]).ToHashSet(), Likeliest = 20 } }, new() { TopK = 21 }, null);
        Assert.Equal(order.Take(20).Append(order[40]), reaching.Final.TokenIds);
        Assert.False(reaching.IsTold);
        Assert.Equal(order[40], reaching.Traced);

        static bool Near(double? one, double? other) => one is null ? other is null : other is not null && Math.Abs(one.Value - other.Value) < 1e-4;
    }

    [Fact]
    public async Task A_lab_asks_for_what_is_told_and_never_names_a_token_that_is_not()
    {
        await using var upstream = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(upstream);
        var catalogue = new BackendCatalogue();
        catalogue.Ready(client.Generator);
        using var runs = new RunStore(new(Options.Create(new RunOptions())), TimeProvider.System);
        using var lab = new LabState(new ChosenModel(catalogue), runs, TimeProvider.System, NullLogger<LabState>.Instance);
        await lab.ChangeAsync(now => now with { TopK = 0, Temperature = 1.3f });
        await lab.ReadPromptAsync("Governing law");
        Assert.Null(lab.Notice);
        Assert.Equal(20, lab.Told);
        Assert.False(lab.Strip!.IsTold);
        Assert.True(lab.Strip.Drawn is null || lab.Strip.Place.Knows(lab.Strip.Drawn.Value));
        await lab.ChangeAsync(now => now with { TopK = 20 });
        Assert.True(lab.Strip.IsTold);
        lab.DrawMany();
        Assert.Equal(1000, lab.Draws!.Counts.Where(hit => lab.Strip.Place.Knows(hit.Key)).Sum(hit => hit.Value));
        await lab.WriteFuturesAsync(8, 5);
        Assert.NotNull(lab.Futures);
        await lab.ChangeAsync(now => now with { RepetitionPenalty = 1.2f });
        Assert.Contains("does not tell", lab.Notice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sequences_that_are_asked_for_in_parts_are_those_that_come_at_once()
    {
        await using var upstream = await Upstream.WithEngineAsync();
        var request = new GenerationRequest { Prompt = "Governing law", ScorePrompt = true, Sampling = Cut with { Sequences = 7, TopK = 0 } };
        var whole = await RemoteClient.RunAsync(upstream.Generator, request);
        var asked = new List<int>();
        var parts = await RemoteParts.GenerateAsync(request, 3, part =>
        {
            asked.Add(part.Sampling.Sequences);
            return upstream.Generator.GenerateAsync(part);
        }).ToListAsync();
        Assert.Equal([3, 3, 1], asked);
        Assert.Equal(Texts(whole), Texts(parts));
        Assert.Equal(Enumerable.Range(0, 7), parts.OfType<SequenceFinished>().Select(end => end.SequenceIndex).Order());
        Assert.Single(parts.OfType<GenerationStarted>());
        Assert.Single(parts.OfType<PromptScored>());
        Assert.Equal(whole.OfType<GenerationFinished>().Single().Usage, parts.OfType<GenerationFinished>().Single().Usage);
        Assert.IsType<GenerationFinished>(parts[^1]);

        static IEnumerable<string> Texts(IEnumerable<GenerationEvent> events) =>
            events.OfType<TokenGenerated>().GroupBy(token => token.SequenceIndex).OrderBy(sequence => sequence.Key).Select(sequence => string.Concat(sequence.Select(token => token.Text)));
    }

    [Fact]
    public void The_chart_puts_what_is_not_told_into_the_rest_and_still_adds_up()
    {
        var told = new ToldTokens([.. Enumerable.Range(0, 20).Select(id => (id, -1.8f - (id / 4f)))], 0, -1.8f);
        var row = new NextToken(told.Row(300), 0, told: 20);
        var votes = Enumerable.Range(0, 4).ToDictionary(i => $"s{i}", i => new Vote(i < 3 ? 200 : 0, "word"));
        var question = new QuestionScene { Number = 1, Place = new([1], [], "x"), Votes = System.Collections.Immutable.ImmutableDictionary.CreateRange(votes) };
        var state = new RoomState { Code = "AAAAAA", TeacherKeyHash = "", Scene = question };
        var rows = MirrorRow.Of((QuestionScene)RoomRules.Apply(state, new(true, null), new RevealModel(), row).State.Scene!, 7);
        var untold = Assert.Single(rows, one => one.AtMost is not null);
        Assert.Equal((200, 3, 0.0), (untold.TokenId, untold.Votes, untold.Probability));
        Assert.Equal(Math.Exp(-1.8 - (19 / 4.0)), untold.AtMost!.Value, 1e-5);
        Assert.Equal(1, rows.Sum(one => one.Probability), 9);
        Assert.Equal(300, rows.Count(one => one is { TokenId: not null, AtMost: null }) + rows[^1].Others);
    }
}
