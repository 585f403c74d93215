using System.Net;
using System.Text;
using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Api;

public sealed class RefusalTests : IDisposable
{
    private readonly ApiClient client = new(new FakeTextGenerator());

    public void Dispose() => client.Dispose();

    [Theory]
    [InlineData("prompt", "{}")]
    [InlineData("prompt", """{"prompt":null}""")]
    [InlineData("prompt", """{"prompt":""}""")]
    [InlineData("prompt", """{"prompt":[]}""")]
    [InlineData("prompt", """{"prompt":[[]]}""")]
    [InlineData("prompt", """{"prompt":7}""")]
    [InlineData("prompt", """{"prompt":{"text":"A"}}""")]
    [InlineData("prompt", """{"prompt":["A",1]}""")]
    [InlineData("prompt", """{"prompt":[1,"A"]}""")]
    [InlineData("prompt", """{"prompt":[1,-1]}""")]
    [InlineData("prompt", """{"prompt":[1,1.5]}""")]
    [InlineData("prompt", """{"prompt":[99999999999]}""")]
    [InlineData("prompt", """{"prompt":[[1],["A"]]}""")]
    [InlineData("prompt", """{"prompt":[[1],"A"]}""")]
    [InlineData("prompt", """{"prompt":[true]}""")]
    [InlineData("prompt", """{"prompt":"\ud800"}""")]
    [InlineData("prompt", """{"prompt":["A","\udc00\ud800"]}""")]
    [InlineData("max_tokens", """{"prompt":"A","max_tokens":-1}""")]
    [InlineData("max_tokens", """{"prompt":"A","max_tokens":"16"}""")]
    [InlineData("max_tokens", """{"prompt":"A","max_tokens":1.5}""")]
    [InlineData("max_tokens", """{"prompt":"A","max_tokens":99999999999}""")]
    [InlineData("max_tokens", """{"prompt":"A","max_tokens":2000000000}""")]
    [InlineData("max_tokens", """{"prompt":"A","max_tokens":1024}""")]
    [InlineData("n", """{"prompt":"A","n":0}""")]
    [InlineData("n", """{"prompt":"A","n":1000000}""")]
    [InlineData("n", """{"prompt":["A","B","C"],"n":60}""")]
    [InlineData("temperature", """{"prompt":"A","temperature":-0.1}""")]
    [InlineData("temperature", """{"prompt":"A","temperature":"hot"}""")]
    [InlineData("temperature", """{"prompt":"A","temperature":1e999}""")]
    [InlineData("temperature", """{"prompt":"A","temperature":1e300}""")]
    [InlineData("temperature", """{"prompt":"A","temperature":"NaN"}""")]
    [InlineData("top_p", """{"prompt":"A","top_p":1.1}""")]
    [InlineData("top_k", """{"prompt":"A","top_k":-2}""")]
    [InlineData("min_p", """{"prompt":"A","min_p":2}""")]
    [InlineData("typical_p", """{"prompt":"A","typical_p":0}""")]
    [InlineData("repetition_penalty", """{"prompt":"A","repetition_penalty":0}""")]
    [InlineData("frequency_penalty", """{"prompt":"A","frequency_penalty":3}""")]
    [InlineData("presence_penalty", """{"prompt":"A","presence_penalty":-3}""")]
    [InlineData("no_repeat_ngram_size", """{"prompt":"A","no_repeat_ngram_size":-1}""")]
    [InlineData("logit_bias", """{"prompt":"A","logit_bias":[1]}""")]
    [InlineData("logit_bias", """{"prompt":"A","logit_bias":{"a":1}}""")]
    [InlineData("logit_bias", """{"prompt":"A","logit_bias":{"-1":1}}""")]
    [InlineData("logit_bias", """{"prompt":"A","logit_bias":{"1":"x"}}""")]
    [InlineData("logit_bias", """{"prompt":"A","logit_bias":{"1":101}}""")]
    [InlineData("seed", """{"prompt":"A","seed":1.5}""")]
    [InlineData("seed", """{"prompt":"A","seed":"dice"}""")]
    [InlineData("seed", """{"prompt":"A","seed":99999999999999999999}""")]
    [InlineData("stop", """{"prompt":"A","stop":1}""")]
    [InlineData("stop", """{"prompt":"A","stop":[1]}""")]
    [InlineData("stop", """{"prompt":"A","stop":""}""")]
    [InlineData("stop", """{"prompt":"A","stop":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"]}""")]
    [InlineData("ignore_eos", """{"prompt":"A","ignore_eos":1}""")]
    [InlineData("stream", """{"prompt":"A","stream":"yes"}""")]
    [InlineData("stream_options", """{"prompt":"A","stream":true,"stream_options":true}""")]
    [InlineData("stream_options", """{"prompt":"A","stream_options":{"include_usage":true}}""")]
    [InlineData("stream_options.include_usage", """{"prompt":"A","stream":true,"stream_options":{"include_usage":1}}""")]
    [InlineData("logprobs", """{"prompt":"A","logprobs":-1}""")]
    [InlineData("logprobs", """{"prompt":"A","logprobs":21}""")]
    [InlineData("logprobs", """{"prompt":"A","logprobs":true}""")]
    [InlineData("logprobs_mode", """{"prompt":"A","logprobs_mode":"raw_logits"}""")]
    [InlineData("echo", """{"prompt":"A","echo":"true"}""")]
    [InlineData("user", """{"prompt":"A","user":5}""")]
    [InlineData("model", """{"prompt":"A","model":5}""")]
    [InlineData("best_of", """{"prompt":"A","best_of":3}""")]
    [InlineData("suffix", """{"prompt":"A","suffix":"B"}""")]
    [InlineData("stop_token_ids", """{"prompt":"A","stop_token_ids":[1]}""")]
    [InlineData("min_tokens", """{"prompt":"A","min_tokens":1}""")]
    public async Task A_wrong_field_is_named_by_its_own_name(string param, string request)
    {
        var (status, error) = await client.RefusalAsync("/v1/completions", request);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Contains(param, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"prompt\"")]
    [InlineData("""{"prompt":"A"} trailing""")]
    [InlineData("""{"prompt":"A","prompt":"B"}""")]
    [InlineData("""{"prompt":"A","temperature":NaN}""")]
    [InlineData("""{"prompt":"A","temperature":Infinity}""")]
    [InlineData("""{"prompt":"A",}""")]
    [InlineData("""{'prompt':'A'}""")]
    [InlineData("""{"prompt":"A","\ud800":1}""")]
    public async Task A_body_that_is_no_JSON_object_is_refused(string body)
    {
        var (status, error) = await client.RefusalAsync("/v1/completions", body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Null(error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task Deep_nesting_is_refused()
    {
        var (status, _) = await client.RefusalAsync("/v1/completions", "{\"prompt\":" + new string('[', 100_000) + new string(']', 100_000) + "}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_refused()
    {
        using var response = await client.SendAsync("/v1/completions", [.. "{\"prompt\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("UTF-8", (await ApiClient.ErrorOf(response)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_prompts_are_refused()
    {
        var (status, error) = await client.RefusalAsync("/v1/completions", $$"""{"prompt":[{{string.Join(',', Enumerable.Repeat("\"A\"", 33))}}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("prompt", error.GetProperty("param").GetString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_ten_megabytes_is_too_large(bool lengthIsTold)
    {
        var body = Encoding.UTF8.GetBytes("{\"prompt\":\"" + new string('a', 10 * 1024 * 1024) + "\"}");
        using HttpContent content = lengthIsTold ? new ByteArrayContent(body) : new StreamContent(new Unseekable(body));
        content.Headers.ContentType = new("application/json");
        using var response = await client.Http.PostAsync("/v1/completions", content);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("body_too_large", (await ApiClient.ErrorOf(response)).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Only_JSON_is_read(string? contentType)
    {
        using var response = await client.SendAsync("/v1/completions", Encoding.UTF8.GetBytes("""{"prompt":"A"}"""), contentType);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("unsupported_media_type", (await ApiClient.ErrorOf(response)).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("GET", "/v1/completions", 405)]
    [InlineData("PUT", "/v1/completions", 405)]
    [InlineData("POST", "/v1/models", 405)]
    [InlineData("GET", "/tokenize", 405)]
    [InlineData("GET", "/v1", 404)]
    [InlineData("GET", "/v1/", 404)]
    [InlineData("POST", "/v1/chat/completions", 404)]
    [InlineData("DELETE", "/v1/nothing/at/all", 404)]
    public async Task Unknown_paths_and_methods_are_refused_in_JSON_too(string method, string path, int status)
    {
        using var response = await client.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.Equal(status, (int)response.StatusCode);
        await ApiClient.ErrorOf(response);
        Assert.Equal(status == 405, response.Content.Headers.Allow.Count > 0);
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"A","model":"gpt-4"}""")]
    [InlineData("/tokenize", """{"prompt":"A","model":"gpt-4"}""")]
    [InlineData("/detokenize", """{"tokens":[65],"model":"gpt-4"}""")]
    public async Task An_unknown_model_is_not_found(string path, string request)
    {
        var (status, error) = await client.RefusalAsync(path, request);
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal("model_not_found", error.GetProperty("code").GetString());
        Assert.Equal("model", error.GetProperty("param").GetString());
    }

    [Theory]
    [InlineData("/v1/completions", """{"prompt":"A"}""")]
    [InlineData("/v1/completions", """{"prompt":"A","stream":true,"model":"any"}""")]
    [InlineData("/tokenize", """{"prompt":"A"}""")]
    public async Task While_no_model_serves_clients_are_asked_to_come_back(string path, string request)
    {
        using var empty = new ApiClient(null);
        empty.Factory.Catalogue.Loading(LoadPhase.Reading, 0.5);
        using (var response = await empty.SendAsync(path, request))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
            Assert.Equal("model_not_ready", (await ApiClient.ErrorOf(response)).GetProperty("code").GetString());
        }
        empty.Factory.Catalogue.Failed("The folder is empty.");
        var (status, error) = await empty.RefusalAsync(path, request);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("The folder is empty.", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt":"A"}""")]
    [InlineData("""{"prompt":"A","stream":true}""")]
    public async Task A_model_that_is_being_taken_away_is_no_failure_of_the_server(string request)
    {
        await using var leaving = new ServedModel(new FakeTextGenerator(), TimeProvider.System);
        await leaving.CloseAsync(TimeSpan.Zero, "The server is shutting down.");
        using var client = new ApiClient(leaving);
        using var response = await client.SendAsync("/v1/completions", request);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        var error = await ApiClient.ErrorOf(response);
        Assert.Equal("model_leaving", error.GetProperty("code").GetString());
        Assert.Contains("shutting down", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt":"A"}""")]
    [InlineData("""{"prompt":"A","stream":true}""")]
    public async Task A_full_line_says_when_to_try_again(string request)
    {
        using var busy = new ApiClient(new SpyTextGenerator { Refusal = new EngineBusyException(32, TimeSpan.FromSeconds(2.5)) });
        using var response = await busy.SendAsync("/v1/completions", request);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(3), response.Headers.RetryAfter?.Delta);
        Assert.Equal("rate_limit_error", (await ApiClient.ErrorOf(response)).GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_failed_engine_is_the_servers_fault_and_tells_no_secrets()
    {
        using var failing = new ApiClient(new SpyTextGenerator { Refusal = new InvalidCastException("secret") });
        var (status, error) = await failing.RefusalAsync("/v1/completions", """{"prompt":"A"}""");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Equal("server_error", error.GetProperty("type").GetString());
        Assert.DoesNotContain("secret", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
