using System.Net;
using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Api;

public sealed class CompletionStreamTests
{
    private static readonly GenerationEvent[] TwoTokens =
    [
        Events.Started('A'), new PromptProgress(1, 1), Events.Token(0, 0, "x", 'x'), Events.Token(0, 1, "", 256),
        new SequenceFinished(0, FinishReason.Stop, StopTokenId: 256), Events.Finished(1, 2),
    ];

    private static string Masked(string frame)
    {
        var chunk = System.Text.Json.Nodes.JsonNode.Parse(frame)!;
        Assert.StartsWith("cmpl-", chunk["id"]!.GetValue<string>(), StringComparison.Ordinal);
        chunk["id"] = "cmpl";
        chunk["created"] = 1;
        return chunk.ToJsonString();
    }

    [Fact]
    public async Task Frames_are_exactly_those_of_the_protocol()
    {
        using var client = new ApiClient(new SpyTextGenerator { Script = TwoTokens });
        var frames = await client.StreamAsync("""{"prompt":"A","stream":true}""");
        Assert.Equal(
            """{"id":"cmpl","object":"text_completion","created":1,"model":"fake","choices":[{"index":0,"text":"x","logprobs":null,"finish_reason":null,"stop_reason":null}]}""",
            Masked(frames[0]));
        Assert.Equal(
            """{"id":"cmpl","object":"text_completion","created":1,"model":"fake","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"stop","stop_reason":256}]}""",
            Masked(frames[1]));
        Assert.Equal("[DONE]", frames[2]);
        Assert.Equal(3, frames.Count);
    }

    [Fact]
    public async Task Usage_comes_last_when_asked_for_and_is_null_before()
    {
        using var client = new ApiClient(new SpyTextGenerator { Script = TwoTokens });
        var frames = await client.StreamAsync("""{"prompt":"A","stream":true,"stream_options":{"include_usage":true}}""");
        Assert.Equal("[DONE]", frames[^1]);
        Assert.EndsWith("\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}", frames[^2], StringComparison.Ordinal);
        Assert.All(frames.SkipLast(2), frame => Assert.EndsWith(",\"usage\":null}", frame, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"prompt":["A","Bé"],"n":2,"max_tokens":9,"seed":4,"logprobs":3,"echo":true,"return_token_ids":true""")]
    [InlineData("""{"prompt":[[65,66],[67]],"n":3,"max_tokens":7,"seed":4""")]
    public async Task A_stream_joined_is_the_answer_that_comes_at_once(string request)
    {
        using var client = new ApiClient(new FakeTextGenerator());
        var whole = (await client.CompleteAsync(request + "}")).GetProperty("choices").EnumerateArray().ToList();
        var frames = await client.StreamAsync(request + ",\"stream\":true}");
        var pieces = frames.SkipLast(1).SelectMany(frame => JsonElement.Parse(frame).GetProperty("choices").EnumerateArray()).ToLookup(choice => choice.GetProperty("index").GetInt32());
        Assert.Equal(whole.Count, pieces.Count);
        foreach (var choice in whole)
        {
            var own = pieces[choice.GetProperty("index").GetInt32()].ToList();
            Assert.Equal(choice.GetProperty("text").GetString(), string.Concat(own.Select(piece => piece.GetProperty("text").GetString())));
            Assert.Equal(choice.GetProperty("finish_reason").GetString(), Assert.Single(own.Select(piece => piece.GetProperty("finish_reason").GetString()), reason => reason is not null));
            foreach (var list in choice.GetProperty("logprobs").ValueKind == JsonValueKind.Null ? [] : new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
            {
                var joined = own.Select(piece => piece.GetProperty("logprobs")).Where(logprobs => logprobs.ValueKind != JsonValueKind.Null)
                    .SelectMany(logprobs => logprobs.GetProperty(list).EnumerateArray().Select(item => item.GetRawText()));
                Assert.Equal(choice.GetProperty("logprobs").GetProperty(list).EnumerateArray().Select(item => item.GetRawText()), joined);
            }
        }
    }

    [Theory]
    [InlineData("""{"prompt":"","stream":true}""")]
    [InlineData("""{"prompt":["fine",""],"stream":true}""")]
    [InlineData("""{"prompt":"A","max_tokens":100000,"stream":true}""")]
    public async Task A_refused_stream_has_a_status_of_its_own(string request)
    {
        using var client = new ApiClient(new FakeTextGenerator());
        Assert.Equal(HttpStatusCode.BadRequest, (await client.RefusalAsync("/v1/completions", request)).Status);
    }

    [Fact]
    public async Task A_failure_in_mid_stream_is_a_frame_of_its_own()
    {
        using var client = new ApiClient(new SpyTextGenerator { Script = TwoTokens[..3], Failure = new EngineFailedException("A step failed.") });
        var frames = await client.StreamAsync("""{"prompt":"A","stream":true}""");
        Assert.Equal(3, frames.Count);
        Assert.Equal("""{"error":{"message":"A step failed.","type":"server_error","param":null,"code":"engine_failed"}}""", frames[1]);
        Assert.Equal("[DONE]", frames[2]);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_generation()
    {
        var spy = new SpyTextGenerator { Script = TwoTokens[..2], NeverEnds = true };
        using var client = new ApiClient(spy);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent("""{"prompt":"A","stream":true}""", null, "application/json") };
        using (var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            Assert.StartsWith("data: ", await reader.ReadLineAsync(), StringComparison.Ordinal);
            Assert.False(spy.Left.IsCompleted);
        }
        await spy.Left.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task One_prompt_that_fails_ends_the_others()
    {
        var spy = new SpyTextGenerator { Script = TwoTokens[..2], NeverEnds = true };
        using var client = new ApiClient(new FirstFails(spy));
        var (status, error) = await client.RefusalAsync("/v1/completions", """{"prompt":["bad","good"]}""");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Equal("engine_failed", error.GetProperty("code").GetString());
        await spy.Left.WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>The prompt "bad" fails after it was taken; others go to the generator behind.</summary>
    private sealed class FirstFails(ITextGenerator behind) : ITextGenerator
    {
        public ModelInfo Model => behind.Model;

        public IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default) => request.Prompt == "bad"
            ? new SpyTextGenerator { Script = TwoTokens[..3], Failure = new EngineFailedException("Bad.") }.GenerateAsync(request, cancellationToken)
            : behind.GenerateAsync(request, cancellationToken);

        public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => behind.TokenizeAsync(text, cancellationToken);

        public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
            behind.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

        public VocabularyEntry Describe(int tokenId) => behind.Describe(tokenId);
    }
}
