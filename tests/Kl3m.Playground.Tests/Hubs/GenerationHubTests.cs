using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Hubs;
using Kl3m.Playground.Tests.Api;
using Kl3m.Tests.Shared;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

namespace Kl3m.Playground.Tests.Hubs;

public sealed class GenerationHubTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static async Task<HubConnection> ConnectAsync(PlaygroundFactory factory)
    {
        var connection = new HubConnectionBuilder().WithUrl("http://localhost" + GenerationHub.Path, options =>
        {
            options.HttpMessageHandlerFactory = _ => factory.Server.CreateHandler();
            options.Transports = HttpTransportType.LongPolling; // the one that the server in memory has
        }).Build();
        await connection.StartAsync();
        return connection;
    }

    private static async Task<List<JsonElement>> StreamAsync(ITextGenerator? generator, string request)
    {
        await using var factory = new PlaygroundFactory(generator);
        await using var connection = await ConnectAsync(factory);
        return await StreamAsync(connection, request);
    }

    private static async Task<List<JsonElement>> StreamAsync(HubConnection connection, string request)
    {
        var events = new List<JsonElement>();
        await foreach (var batch in connection.StreamAsync<JsonElement[]>(nameof(GenerationHub.Generate), JsonElement.Parse(request)))
        {
            events.AddRange(batch);
        }
        return events;
    }

    private static string? Type(JsonElement happened) => happened.GetProperty("type").GetString();

    private static JsonElement ErrorIn(HubException exception) =>
        JsonElement.Parse(exception.Message[exception.Message.IndexOf('{', StringComparison.Ordinal)..]).GetProperty("error");

    [Fact]
    public async Task A_stream_tells_everything_in_order()
    {
        var events = await StreamAsync(new FakeTextGenerator(), """{"prompt":"Hi","max_tokens":3,"n":2,"logprobs":2,"echo":true,"seed":18446744073709551615}""");
        Assert.Equal(["started", "progress", "prompt_scored", .. Enumerable.Repeat("token", 6), "sequence_finished", "sequence_finished", "finished"], events.Select(Type));
        Assert.Equal("""{"type":"started","model":"fake","prompt_token_ids":[72,105],"seed":"18446744073709551615"}""", events[0].GetRawText());
        Assert.Equal("""{"type":"progress","done":2,"total":2}""", events[1].GetRawText());
        Assert.Equal(JsonValueKind.Null, events[2].GetProperty("tokens")[0].ValueKind);
        Assert.Equal(105, events[2].GetProperty("tokens")[1].GetProperty("token_id").GetInt32());
        Assert.Equal("""{"type":"sequence_finished","sequence":1,"finish_reason":"length","stop_reason":null}""", events[^2].GetRawText());
        Assert.Equal("""{"prompt_tokens":2,"completion_tokens":6,"total_tokens":8}""", events[^1].GetProperty("usage").GetRawText());
        Assert.Equal(5, events[^1].GetProperty("timings").GetProperty("first_token_ms").GetDouble());
        var token = events[3];
        Assert.Equal(0, token.GetProperty("sequence").GetInt32());
        Assert.Equal(0, token.GetProperty("position").GetInt32());
        Assert.Equal(2, token.GetProperty("score").GetProperty("alternatives").GetArrayLength());
        Assert.InRange(token.GetProperty("draw").GetProperty("u").GetDouble(), token.GetProperty("draw").GetProperty("low").GetDouble(), token.GetProperty("draw").GetProperty("high").GetDouble());
    }

    [Fact]
    public async Task The_place_in_the_line_is_told_with_the_seconds_where_they_are_known()
    {
        var events = await StreamAsync(
            new SpyTextGenerator { Script = [Events.Started('A'), new GenerationQueued(3, TimeSpan.FromSeconds(4.5)), new GenerationQueued(1, null), new SequenceFinished(0, FinishReason.Length), Events.Finished()] },
            """{"prompt":"A"}""");
        Assert.Equal("""{"type":"queued","place":3,"seconds":4.5}""", events[1].GetRawText());
        Assert.Equal("""{"type":"queued","place":1,"seconds":null}""", events[2].GetRawText());
    }

    [Fact]
    public async Task A_token_that_was_cut_has_no_final_logprob_and_names_the_filter()
    {
        var events = await StreamAsync(
            new SpyTextGenerator
            {
                Script = [Events.Started('A'), Events.Token(0, 0, "x", 'x', -1, -0.5f, new Alternative('y', -2, float.NegativeInfinity, SamplingStage.TopP)), new SequenceFinished(0, FinishReason.Length), Events.Finished()],
            },
            """{"prompt":"A","logprobs":1}""");
        Assert.Equal(
            """{"token_id":120,"token":"x","logprob":-1,"final_logprob":-0.5,"rank":1,"entropy":2,"alternatives":[{"token_id":121,"token":"y","logprob":-2,"final_logprob":null,"cut_by":"top_p"}]}""",
            events[1].GetProperty("score").GetRawText());
    }

    [Fact]
    public async Task The_fields_are_those_of_the_HTTP_API()
    {
        var spy = new SpyTextGenerator();
        await StreamAsync(spy, """{"prompt":[72,105],"max_tokens":5,"temperature":0.5,"top_k":7,"stop":["x"],"seed":"9","logprobs":50}""");
        var asked = Assert.Single(spy.Asked);
        Assert.Equal([72, 105], asked.PromptTokenIds);
        Assert.Equal(50, asked.Alternatives);
        Assert.False(asked.ScorePrompt);
        Assert.StartsWith("hub:", asked.User, StringComparison.Ordinal);
        Assert.Equivalent(new SamplingParams { MaxTokens = 5, Temperature = 0.5f, TopK = 7, Stop = ["x"], Seed = 9 }, asked.Sampling, strict: true);
    }

    [Theory]
    [InlineData("prompt", "{}")]
    [InlineData("prompt", """{"prompt":["A","B"]}""")]
    [InlineData("temperature", """{"prompt":"A","temperature":-1}""")]
    [InlineData("logprobs", """{"prompt":"A","logprobs":101}""")]
    [InlineData("max_tokens", """{"prompt":"A","max_tokens":99999}""")]
    [InlineData("model", """{"prompt":"A","model":"gpt-4"}""")]
    [InlineData(null, "[]")]
    [InlineData(null, "7")]
    public async Task A_refusal_names_the_field(string? param, string request)
    {
        var error = ErrorIn(await Assert.ThrowsAsync<HubException>(() => StreamAsync(new FakeTextGenerator(), request)));
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task Failures_carry_their_code_and_no_secrets()
    {
        async Task<string?> CodeAsync(ITextGenerator? generator) =>
            ErrorIn(await Assert.ThrowsAsync<HubException>(() => StreamAsync(generator, """{"prompt":"A"}"""))).GetProperty("code").GetString();
        Assert.Equal("model_not_ready", await CodeAsync(null));
        Assert.Equal("engine_busy", await CodeAsync(new SpyTextGenerator { Refusal = new EngineBusyException(3, TimeSpan.FromSeconds(1)) }));
        Assert.Equal("engine_failed", await CodeAsync(new SpyTextGenerator { Script = [Events.Started(1)], Failure = new EngineFailedException("A step failed.") }));
        var secret = await Assert.ThrowsAsync<HubException>(() => StreamAsync(new SpyTextGenerator { Refusal = new InvalidCastException("secret") }, """{"prompt":"A"}"""));
        Assert.DoesNotContain("secret", secret.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_came_before_a_failure_is_delivered()
    {
        await using var factory = new PlaygroundFactory(new SpyTextGenerator { Script = [Events.Started(1), Events.Token(0, 0, "x", 'x')], Failure = new EngineFailedException("A step failed.") });
        await using var connection = await ConnectAsync(factory);
        var seen = new List<string?>();
        await Assert.ThrowsAsync<HubException>(async () =>
        {
            await foreach (var batch in connection.StreamAsync<JsonElement[]>(nameof(GenerationHub.Generate), JsonElement.Parse("""{"prompt":"A"}""")))
            {
                seen.AddRange(batch.Select(Type));
            }
        });
        Assert.Equal(["started", "token"], seen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_the_stream_or_closing_the_connection_ends_the_generation(bool close)
    {
        var spy = new SpyTextGenerator { Script = [Events.Started('A')], NeverEnds = true };
        await using var factory = new PlaygroundFactory(spy);
        await using var connection = await ConnectAsync(factory);
        using var cancel = new CancellationTokenSource();
        await using var batches = connection.StreamAsync<JsonElement[]>(nameof(GenerationHub.Generate), JsonElement.Parse("""{"prompt":"A"}"""), cancel.Token).GetAsyncEnumerator();
        Assert.True(await batches.MoveNextAsync());
        Assert.False(spy.Left.IsCompleted);
        if (close)
        {
            await connection.StopAsync();
        }
        else
        {
            await cancel.CancelAsync();
        }
        await spy.Left.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_connection_may_have_only_so_many_streams()
    {
        await using var factory = new PlaygroundFactory(new SpyTextGenerator { Script = [Events.Started('A')], NeverEnds = true });
        await using var connection = await ConnectAsync(factory);
        using var cancel = new CancellationTokenSource();
        var streams = Enumerable.Range(0, GenerationHub.MaxStreamsPerConnection)
            .Select(_ => connection.StreamAsync<JsonElement[]>(nameof(GenerationHub.Generate), JsonElement.Parse("""{"prompt":"A"}"""), cancel.Token).GetAsyncEnumerator()).ToList();
        foreach (var stream in streams)
        {
            Assert.True(await stream.MoveNextAsync());
        }
        var refused = await Assert.ThrowsAsync<HubException>(() => StreamAsync(connection, """{"prompt":"A"}"""));
        Assert.Equal("too_many_streams", ErrorIn(refused).GetProperty("code").GetString());
        await cancel.CancelAsync();
    }

    [Fact]
    public async Task A_message_over_a_megabyte_is_not_taken_and_the_next_connection_works()
    {
        await using var factory = new PlaygroundFactory();
        await using (var connection = await ConnectAsync(factory))
        {
            await Assert.ThrowsAnyAsync<Exception>(() => StreamAsync(connection, $$"""{"prompt":"{{new string('a', GenerationHub.MaxMessageBytes)}}"}""").WaitAsync(Limit));
        }
        await using var next = await ConnectAsync(factory);
        Assert.Equal("finished", Type((await StreamAsync(next, """{"prompt":"A"}"""))[^1]));
    }
}
