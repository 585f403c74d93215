using System.Net;
using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Api;

public sealed class ModelsTests
{
    private static readonly ModelInfo Info = new FakeTextGenerator().Model with { Id = "org/name", LoadedAt = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000) };

    private const string Entry = """{"id":"org/name","object":"model","created":1800000000,"owned_by":"kl3m-playground","max_model_len":1024}""";

    [Fact]
    public async Task The_models_that_can_be_asked_are_listed()
    {
        using var client = new ApiClient(new FakeTextGenerator { Model = Info });
        Assert.Equal($$"""{"object":"list","data":[{{Entry}}]}""", await client.Http.GetStringAsync("/v1/models"));
    }

    [Theory]
    [InlineData("/v1/models/org/name")]
    [InlineData("/v1/models/org%2Fname")]
    public async Task One_model_is_found_by_its_id(string path)
    {
        using var client = new ApiClient(new FakeTextGenerator { Model = Info });
        Assert.Equal(Entry, await client.Http.GetStringAsync(path));
    }

    [Fact]
    public async Task An_unknown_one_is_not_found()
    {
        using var client = new ApiClient(new FakeTextGenerator { Model = Info });
        using var response = await client.Http.GetAsync("/v1/models/other");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("model_not_found", (await ApiClient.ErrorOf(response)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Before_a_model_serves_the_list_is_empty()
    {
        using var client = new ApiClient(null);
        Assert.Equal("""{"object":"list","data":[]}""", await client.Http.GetStringAsync("/v1/models"));
    }

    [Fact]
    public async Task Health_follows_the_catalogue()
    {
        using var client = new ApiClient(null);
        Assert.Equal("""{"status":"live"}""", await client.Http.GetStringAsync("/health/live"));
        client.Factory.Catalogue.Loading(LoadPhase.WarmingUp, 0.5);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"loading","phase":"warming_up","progress":0.5,"percent":50}"""), await ReadyAsync(client));
        client.Factory.Catalogue.Failed("No weights.");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"failed","phase":"failed","reason":"No weights."}"""), await ReadyAsync(client));
        client.Factory.Catalogue.Ready(new FakeTextGenerator());
        Assert.Equal((HttpStatusCode.OK, """{"status":"ready","model":"fake"}"""), await ReadyAsync(client));
    }

    [Fact]
    public async Task Readiness_tells_how_far_a_download_is()
    {
        using var factory = new PlaygroundFactory(null);
        factory.Catalogue.Downloading(new(250, 1000, 50));
        using var response = await factory.CreateClient().GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("""{"status":"loading","phase":"downloading","progress":0.25,"percent":25,"bytes":250,"total":1000,"bytes_per_second":50,"seconds_left":15}""",
            await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_description_names_every_path_and_the_completions_fields()
    {
        using var client = new ApiClient(null);
        var document = JsonElement.Parse(await client.Http.GetStringAsync("/openapi/v1.json"));
        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var paths = document.GetProperty("paths");
        Assert.All(["/v1/completions", "/v1/models", "/v1/models/{id}", "/tokenize", "/detokenize", "/health/live", "/health/ready"], path => Assert.True(paths.TryGetProperty(path, out _), path));
        var body = paths.GetProperty("/v1/completions").GetProperty("post").GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema");
        Assert.Equal(4, body.GetProperty("properties").GetProperty("prompt").GetProperty("oneOf").GetArrayLength());
        Assert.Equal(16, body.GetProperty("properties").GetProperty("max_tokens").GetProperty("default").GetInt32());
        Assert.Equal("integer", document.GetProperty("components").GetProperty("schemas").GetProperty("CompletionUsage").GetProperty("properties").GetProperty("total_tokens").GetProperty("type").GetString());
    }

    private static async Task<(HttpStatusCode, string)> ReadyAsync(ApiClient client)
    {
        using var response = await client.Http.GetAsync("/health/ready");
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
