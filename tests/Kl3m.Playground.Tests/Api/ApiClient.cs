using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Kl3m.Inference;

namespace Kl3m.Playground.Tests.Api;

/// <summary>Speaks JSON with the app.</summary>
internal sealed class ApiClient : IDisposable
{
    private readonly PlaygroundFactory factory;
    private readonly HttpClient http;

    public ApiClient(ITextGenerator? generator)
    {
        factory = new(generator);
        http = factory.CreateClient();
    }

    public HttpClient Http => http;

    public PlaygroundFactory Factory => factory;

    /// <summary>The answer to a good request; fails the test if it is refused.</summary>
    public async Task<JsonElement> PostAsync(string path, string json)
    {
        using var response = await SendAsync(path, json);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode}: {text}");
        return JsonElement.Parse(text);
    }

    public Task<JsonElement> CompleteAsync(string json) => PostAsync("/v1/completions", json);

    public async Task<JsonElement> ChoiceAsync(string json) => (await CompleteAsync(json)).GetProperty("choices")[0];

    /// <summary>The error of a bad request, in OpenAI's shape.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Error)> RefusalAsync(string path, string json)
    {
        using var response = await SendAsync(path, json);
        return (response.StatusCode, await ErrorOf(response));
    }

    public Task<HttpResponseMessage> SendAsync(string path, string json) => SendAsync(path, Encoding.UTF8.GetBytes(json));

    public Task<HttpResponseMessage> SendAsync(string path, byte[] body, string? contentType = "application/json")
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        return http.PostAsync(path, content);
    }

    public static async Task<JsonElement> ErrorOf(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var error = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("error");
        Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(field => field.Name));
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("type").GetString()!);
        return error;
    }

    /// <summary>What follows "data: " in each frame of a server-sent stream.</summary>
    public async Task<IReadOnlyList<string>> StreamAsync(string json)
    {
        using var response = await SendAsync("/v1/completions", json);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        return [.. text[..^2].Split("\n\n").Select(frame =>
        {
            Assert.StartsWith("data: ", frame, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', frame);
            return frame["data: ".Length..];
        })];
    }

    public void Dispose()
    {
        http.Dispose();
        factory.Dispose();
    }
}
