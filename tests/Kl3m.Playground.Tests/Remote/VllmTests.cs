using System.Net;
using System.Text;
using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Backends.Remote;
using Kl3m.Playground.Tests.Edge;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>vLLM's way of answering, written down here by its protocol: what our own server does not do.</summary>
public sealed class VllmTests
{
    [Fact]
    public async Task Several_tokens_in_a_frame_usage_and_stop_token_are_understood()
    {
        using var vllm = new ScriptedServer(
            """{"id":"c","object":"text_completion","created":1,"model":"fake","choices":[{"index":0,"text":"law","logprobs":{"text_offset":[0,1,2],"token_logprobs":[-0.5,-0.25,-9999.0],"tokens":["token_id:108","token_id:97","token_id:119"],"top_logprobs":[{"token_id:108":-0.5,"token_id:97":-1.5},{"token_id:97":-0.25,"token_id:98":-2.0},{"token_id:119":-9999.0,"token_id:97":-0.1,"token_id:98":-3.0}]},"finish_reason":null,"stop_reason":null,"token_ids":[108,97,119],"prompt_token_ids":[80]}]}""",
            """{"id":"c","object":"text_completion","created":1,"model":"fake","choices":[{"index":0,"text":"","logprobs":{"text_offset":[3],"token_logprobs":[-0.1],"tokens":["token_id:256"],"top_logprobs":[{"token_id:256":-0.1}]},"finish_reason":"stop","stop_reason":256,"token_ids":[256]}]}""",
            """{"id":"c","object":"text_completion","created":1,"model":"fake","choices":[],"usage":{"prompt_tokens":1,"total_tokens":5,"completion_tokens":4}}""",
            "[DONE]");
        using var client = await vllm.ConnectAsync();
        var events = await client.RunAsync(new() { Prompt = "P", Alternatives = 2, Sampling = new() { MaxTokens = 8, Seed = ulong.MaxValue } });
        var tokens = events.OfType<TokenGenerated>().ToList();
        Assert.Equal("law", string.Concat(tokens.Select(token => token.Text)));
        Assert.Equal([1, 1, 0, 1], tokens.Select(token => token.Score.Rank)); // the third was not among the two likeliest
        Assert.Equal([97, 98], tokens[2].Score.Alternatives.Select(other => other.TokenId));
        Assert.Equal(new SequenceFinished(0, FinishReason.Stop, null, 256), events.OfType<SequenceFinished>().Single());
        Assert.Equal(new Usage(1, 4), events.OfType<GenerationFinished>().Single().Usage);
    }

    [Fact]
    public async Task The_request_leaves_nothing_to_the_servers_defaults()
    {
        using var vllm = new ScriptedServer("[DONE]");
        using var client = await vllm.ConnectAsync();
        await RemoteClient.TryAsync(client.Generator, new() { Prompt = "P", Alternatives = 50, Sampling = new() { MaxTokens = 8, Seed = ulong.MaxValue, Stop = ["x"] } });
        var asked = JsonElement.Parse(Assert.Single(vllm.Bodies));
        Assert.Equal([80], asked.GetProperty("prompt").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(0, asked.GetProperty("top_k").GetInt32());
        Assert.Equal(1, asked.GetProperty("temperature").GetDouble());
        Assert.Equal(20, asked.GetProperty("logprobs").GetInt32());
        Assert.Equal([256], asked.GetProperty("stop_token_ids").EnumerateArray().Select(id => id.GetInt32())); // KL3M's config names no end token
        Assert.False(asked.GetProperty("ignore_eos").GetBoolean());
        Assert.Equal(long.MaxValue, asked.GetProperty("seed").GetInt64());
        Assert.True(asked.GetProperty("return_token_ids").GetBoolean());
        Assert.True(asked.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
    }

    [Theory]
    [InlineData(false, -1, null)] // a vLLM without that policy may refuse it
    [InlineData(true, -1, -1)]
    [InlineData(true, 0, null)]
    public async Task Who_comes_first_is_told_only_where_the_configuration_says_so(bool told, int priority, int? sent)
    {
        using var vllm = new ScriptedServer("[DONE]");
        using var client = await RemoteClient.ConnectAsync(vllm, new LogText(), new RemoteOptions { Url = "http://vllm:8000", Model = "fake", Priority = told });
        await RemoteClient.TryAsync(client.Generator, new() { Prompt = "P", Priority = priority });
        await RemoteClient.TryAsync(client.Generator, new() { Prompt = "P", Priority = priority, ScorePrompt = true, Sampling = new() { MaxTokens = 0 } });
        Assert.Equal(2, vllm.Bodies.Count);
        Assert.All(vllm.Bodies, body => Assert.Equal(sent, JsonElement.Parse(body).TryGetProperty("priority", out var number) ? number.GetInt32() : null));
    }

    [Fact]
    public async Task A_stream_that_ends_too_early_is_no_end()
    {
        using var vllm = new ScriptedServer(
            """{"choices":[{"index":0,"text":"l","logprobs":{"token_logprobs":[-0.5],"tokens":["token_id:108"],"top_logprobs":[{"token_id:108":-0.5}]},"finish_reason":null,"token_ids":[108]}]}""");
        using var client = await vllm.ConnectAsync();
        var (events, failure) = await RemoteClient.TryAsync(client.Generator, new() { Prompt = "P" });
        Assert.Single(events.OfType<TokenGenerated>());
        Assert.Contains("broke off after 1 tokens", Assert.IsType<EngineFailedException>(failure).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"error":{"message":"EngineCore died","type":"InternalServerError","code":500}}""", "EngineCore died")]
    [InlineData("""{"choices":[{"index":7,"text":"x","token_ids":[]}]}""", "not asked for")]
    [InlineData("""{"choices":[{"index":0,"text":"x","logprobs":{"tokens":["x"],"token_logprobs":[-1]},"finish_reason":null}]}""", "return_token_ids")]
    [InlineData("""{"choices":[{"index":0,"text":"x","finish_reason":null,"token_ids":[97]}]}""", "no number for token 97")]
    [InlineData("<html>gateway</html>", "no completion")]
    public async Task What_is_no_proper_answer_is_a_failure_with_its_reason(string frame, string reason)
    {
        using var vllm = new ScriptedServer(frame, "[DONE]");
        using var client = await vllm.ConnectAsync();
        var (_, failure) = await RemoteClient.TryAsync(client.Generator, new() { Prompt = "P" });
        Assert.Contains(reason, Assert.IsType<EngineFailedException>(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_the_server_would_ignore_are_refused_by_name()
    {
        using var vllm = new ScriptedServer("[DONE]");
        using var client = await vllm.ConnectAsync();
        var (_, failure) = await RemoteClient.TryAsync(client.Generator, new() { Prompt = "P", Sampling = new() { TypicalP = 0.5f, NoRepeatNgramSize = 3 } });
        Assert.Equal([nameof(SamplingParams.TypicalP), nameof(SamplingParams.NoRepeatNgramSize)], Assert.IsType<InvalidRequestException>(failure).Problems.Select(problem => problem.Field));
        Assert.Empty(vllm.Bodies);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up()
    {
        using var vllm = new ScriptedServer { NeverAnswers = true };
        using var client = await vllm.ConnectAsync(firstToken: TimeSpan.FromMilliseconds(50));
        var (_, failure) = await RemoteClient.TryAsync(client.Generator, new() { Prompt = "P" });
        Assert.Contains("did not answer within", Assert.IsType<EngineFailedException>(failure).Message, StringComparison.Ordinal);
        Assert.Null(client.Servers[0].Model);
    }

    /// <summary>Answers every request for completions with the same frames.</summary>
    private sealed class ScriptedServer(params string[] frames) : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        public bool NeverAnswers { get; init; }

        public Task<RemoteClient> ConnectAsync(TimeSpan? firstToken = null) =>
            RemoteClient.ConnectAsync(this, new LogText(), new RemoteOptions { Url = "http://vllm:8000", Model = "fake", FirstToken = firstToken ?? TimeSpan.FromMinutes(1) });

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method == HttpMethod.Get)
            {
                return Answer("""{"object":"list","data":[{"id":"fake","object":"model","created":1,"owned_by":"vllm","root":"fake","parent":null,"max_model_len":256,"permission":[]}]}""", "application/json");
            }
            if (NeverAnswers)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            Bodies.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
            return Answer(string.Concat(frames.Select(frame => $"data: {frame}\n\n")), "text/event-stream");
        }

        private static HttpResponseMessage Answer(string text, string type) => new(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, type) };
    }
}
