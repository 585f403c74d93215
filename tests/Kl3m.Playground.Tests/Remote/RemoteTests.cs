using Kl3m.Inference;
using Kl3m.Playground.Backends.Remote;
using Kl3m.Playground.Tests.Api;
using Kl3m.Playground.Tests.Edge;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>A remote model over real HTTP: another instance of our own server, on a line that can be cut.</summary>
public sealed class RemoteTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static GenerationRequest Request(int maxTokens = 12, int sequences = 1) => new()
    {
        Prompt = "Governing law",
        Alternatives = 5,
        Sampling = new() { MaxTokens = maxTokens, Sequences = sequences, Seed = 5, Temperature = 0.8f, TopK = 40, TopP = 0.9f, RepetitionPenalty = 1.1f },
    };

    [Fact]
    public async Task A_model_of_our_own_server_writes_and_counts_as_it_does_at_home()
    {
        await using var upstream = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(upstream);
        var request = Request(24, 3) with { ScorePrompt = true };
        var home = await RemoteClient.RunAsync(upstream.Generator, request);
        var away = await client.RunAsync(request);
        Assert.Equal(home.OfType<GenerationStarted>().Single().PromptTokenIds, away.OfType<GenerationStarted>().Single().PromptTokenIds);
        for (var sequence = 0; sequence < 3; sequence++)
        {
            var (own, remote) = (Tokens(home, sequence), Tokens(away, sequence));
            Assert.Equal(own.Select(token => (token.Position, token.Text, token.Score.TokenId)), remote.Select(token => (token.Position, token.Text, token.Score.TokenId)));
            foreach (var (a, b) in own.Zip(remote))
            {
                Assert.Equal(a.Score.RawLogprob, b.Score.RawLogprob, 1e-4f);
                Assert.True(b.Score.Rank == (a.Score.Rank <= 20 ? a.Score.Rank : 0), $"rank {b.Score.Rank} for {a.Score.Rank}");
                Assert.Equal(a.Score.Alternatives.Select(other => other.TokenId), b.Score.Alternatives.Select(other => other.TokenId));
            }
            Assert.Equal(Finish(home, sequence), Finish(away, sequence));
        }
        var (scored, scoredAway) = (home.OfType<PromptScored>().Single().Tokens, away.OfType<PromptScored>().Single().Tokens);
        Assert.Null(scoredAway[0]);
        Assert.Equal(scored.Skip(1).Select(score => (score!.TokenId, MathF.Round(score.RawLogprob, 3))), scoredAway.Skip(1).Select(score => (score!.TokenId, MathF.Round(score.RawLogprob, 3))));
        Assert.Equal(home.OfType<GenerationFinished>().Single().Usage, away.OfType<GenerationFinished>().Single().Usage);
    }

    [Fact]
    public async Task What_a_server_cannot_tell_is_not_made_up()
    {
        await using var upstream = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(upstream);
        var token = Tokens(await client.RunAsync(Request() with { KeepLogits = true }))[0];
        Assert.Null(token.Logits);
        Assert.Null(token.Trace.U);
        Assert.True(float.IsNaN(token.Score.Entropy));
        Assert.True(float.IsNaN(token.Score.FinalLogprob));
        var plain = Tokens(await client.RunAsync(Request() with { Sampling = new() { MaxTokens = 1 } }))[0];
        Assert.Equal(plain.Score.RawLogprob, plain.Score.FinalLogprob);
        var greedy = Tokens(await client.RunAsync(Request() with { Sampling = new() { MaxTokens = 1, Temperature = 0 } }))[0];
        Assert.Equal((1, 0f), (greedy.Score.Rank, greedy.Score.FinalLogprob));
    }

    [Theory]
    [InlineData("law of Delaware", "of", "law ", FinishReason.Stop)]
    [InlineData("café and more", "and", "café ", FinishReason.Stop)]
    [InlineData("short", null, "short", FinishReason.Stop)]
    [InlineData("a text that is longer than allowed", null, "a text that is longer th", FinishReason.Length)]
    public async Task Stop_texts_ends_and_lengths_are_those_of_the_engine(string writes, string? stop, string text, FinishReason reason)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(writes);
        await using var upstream = await Upstream.WithEngineAsync(() => new() { Script = tokens => tokens.Count - 1 < bytes.Length ? bytes[tokens.Count - 1] : ByteTokenizer.End });
        using var client = await RemoteClient.ConnectAsync(upstream);
        var events = await client.RunAsync(new() { Prompt = "P", Sampling = new() { MaxTokens = 24, Stop = stop is null ? [] : [stop] } });
        Assert.Equal(text, string.Concat(Tokens(events).Select(token => token.Text)));
        Assert.Equal((reason, stop), (Finish(events).Reason, Finish(events).StopText));
        Assert.Equal(stop is null && reason == FinishReason.Stop ? ByteTokenizer.End : null, Finish(events).StopTokenId);
    }

    [Fact]
    public async Task A_line_that_is_cut_keeps_what_was_written_and_says_what_happened()
    {
        await using var upstream = Upstream.Of(new SpyTextGenerator { Script = Written(3), NeverEnds = true });
        using var client = await RemoteClient.ConnectAsync(upstream);
        var (events, failure) = await RemoteClient.TryAsync(client.Generator, Request(200), happened =>
        {
            if (happened is TokenGenerated { Position: 2 })
            {
                upstream.Line.Cut();
            }
        }).WaitAsync(Patience);
        Assert.True(Tokens(events).Count >= 3);
        Assert.Contains("The line to 127.0.0.1", Assert.IsType<EngineFailedException>(failure).Message, StringComparison.Ordinal);
        Assert.Null(client.Servers[0].Model);
        Assert.Equal(0, client.Servers[0].Running);
    }

    [Fact]
    public async Task A_sick_server_is_left_out_and_comes_back()
    {
        await using var one = await Upstream.WithEngineAsync();
        await using var two = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(one, two);
        one.Line.Cut();
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(12, Tokens(await client.RunAsync(Request())).Count); // the first one that meets it goes on to the other
        }
        Assert.Null(client.Servers[0].Model);
        Assert.True(client.Generator.IsHealthy);
        two.Line.Cut();
        var (events, failure) = await RemoteClient.TryAsync(client.Generator, Request());
        Assert.Empty(events);
        Assert.Contains("No server of fake answers", Assert.IsType<EngineFailedException>(failure).Message, StringComparison.Ordinal);
        await client.Servers[1].ProbeAsync(default);
        Assert.False(client.Generator.IsHealthy);
        one.Line.Mend();
        await client.Servers[0].ProbeAsync(default);
        Assert.Equal(12, Tokens(await client.RunAsync(Request())).Count);
    }

    [Fact]
    public async Task A_request_goes_to_the_server_with_least_to_do_and_cancelling_ends_it_there()
    {
        var spies = new[] { new SpyTextGenerator { Script = Written(1), NeverEnds = true }, new SpyTextGenerator { Script = Written(1), NeverEnds = true } };
        await using var one = Upstream.Of(spies[0]);
        await using var two = Upstream.Of(spies[1]);
        using var client = await RemoteClient.ConnectAsync(one, two);
        await using (var first = client.Generator.GenerateAsync(Request(100)).GetAsyncEnumerator())
        {
            Assert.True(await first.MoveNextAsync());
            var busy = client.Servers.Single(server => server.Running == 1);
            for (var i = 0; i < 3; i++)
            {
                await using var next = client.Generator.GenerateAsync(Request(100)).GetAsyncEnumerator();
                Assert.True(await next.MoveNextAsync());
                Assert.Equal(1, busy.Running);
            }
            Assert.Equal(4, spies.Sum(spy => spy.Asked.Count));
        }
        await Task.WhenAll(spies.Select(spy => spy.Left)).WaitAsync(Patience);
        Assert.All(client.Servers, server => Assert.Equal(0, server.Running));
    }

    [Fact]
    public async Task A_full_line_over_there_is_a_full_line_here_and_a_mistake_keeps_its_name()
    {
        await using var full = Upstream.Of(new SpyTextGenerator { Refusal = new EngineBusyException(3, TimeSpan.FromSeconds(7)) });
        using var client = await RemoteClient.ConnectAsync(full);
        var (_, busy) = await RemoteClient.TryAsync(client.Generator, Request());
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.IsType<EngineBusyException>(busy).RetryAfter);
        await using var strict = Upstream.Of(new SpyTextGenerator { Refusal = new InvalidRequestException(nameof(SamplingParams.TopK), "is nothing for me.") });
        using var other = await RemoteClient.ConnectAsync(strict);
        var (_, wrong) = await RemoteClient.TryAsync(other.Generator, Request());
        Assert.Equal(nameof(SamplingParams.TopK), Assert.Single(Assert.IsType<InvalidRequestException>(wrong).Problems).Field);
        Assert.True(other.Generator.IsHealthy);
    }

    [Fact]
    public async Task A_server_that_fails_midway_is_quoted()
    {
        await using var upstream = Upstream.Of(new SpyTextGenerator { Script = Written(2), Failure = new EngineFailedException("The card is on fire.") });
        using var client = await RemoteClient.ConnectAsync(upstream);
        var (events, failure) = await RemoteClient.TryAsync(client.Generator, Request());
        Assert.Equal(2, Tokens(events).Count);
        Assert.Contains("The card is on fire.", Assert.IsType<EngineFailedException>(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_is_sent_and_never_logged()
    {
        await using var upstream = await Upstream.WithEngineAsync(null, ("Api:Keys:0", "the-right-key"));
        var log = new LogText();
        using var client = await RemoteClient.ConnectAsync(null, log,
            new RemoteOptions { Url = upstream.Url, Model = "fake", ApiKey = "the-right-key" }, new RemoteOptions { Url = upstream.Url, Model = "fake", ApiKey = "the-wrong-key" });
        Assert.NotNull(client.Servers[0].Model);
        Assert.Null(client.Servers[1].Model);
        Assert.Contains("refuses the API key", client.Servers[1].Trouble, StringComparison.Ordinal);
        Assert.Equal(12, Tokens(await client.RunAsync(Request())).Count);
        Assert.DoesNotContain("-key", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_the_model_says_which_it_has()
    {
        await using var upstream = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(new RemoteOptions { Url = upstream.Url, Model = "another" });
        Assert.Equal("it has no model 'another', only fake", client.Servers[0].Trouble);
    }

    [Fact]
    public async Task Limits_are_checked_before_the_server_is_asked()
    {
        await using var upstream = Upstream.Of(new SpyTextGenerator());
        using var client = await RemoteClient.ConnectAsync(upstream);
        var (_, failure) = await RemoteClient.TryAsync(client.Generator, Request(10_000));
        Assert.Equal(nameof(SamplingParams.MaxTokens), Assert.IsType<InvalidRequestException>(failure).Problems[0].Field);
        Assert.Empty(((SpyTextGenerator)upstream.Generator).Asked);
    }

    private static List<TokenGenerated> Tokens(IEnumerable<GenerationEvent> events, int sequence = 0) => [.. events.OfType<TokenGenerated>().Where(token => token.SequenceIndex == sequence)];

    private static SequenceFinished Finish(IEnumerable<GenerationEvent> events, int sequence = 0) => events.OfType<SequenceFinished>().Single(end => end.SequenceIndex == sequence);

    private static List<GenerationEvent> Written(int tokens) =>
    [
        new GenerationStarted([80], 1),
        .. Enumerable.Range(0, tokens).Select(i => new TokenGenerated(0, i, "a", new()
        {
            TokenId = 'a', RawLogprob = -1, FinalLogprob = -1, Rank = 1, Entropy = 1, Alternatives = [new('a', -1, -1, null)],
        }, new([], null, 0, 1, 1))),
    ];
}
