using System.Net;
using Kl3m.Tests.Shared;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kl3m.Playground.Tests.Edge;

/// <summary>The whole app in memory with some settings; what it logs is kept.</summary>
internal sealed class EdgeApp : IDisposable
{
    private readonly PlaygroundFactory plain = new(new FakeTextGenerator());
    private readonly WebApplicationFactory<Program> factory;

    public EdgeApp(params (string Key, string Value)[] settings)
    {
        factory = plain.WithWebHostBuilder(builder =>
        {
            foreach (var (key, value) in settings)
            {
                builder.UseSetting(key, value);
            }
            builder.ConfigureLogging(log => log.ClearProviders().AddProvider(Log).SetMinimumLevel(LogLevel.Trace).AddFilter((_, _) => true));
        });
        Http = factory.CreateClient(new() { AllowAutoRedirect = false });
    }

    public LogText Log { get; } = new();

    public HttpClient Http { get; }

    public IServiceProvider Services => factory.Services;

    public Task<HttpResponseMessage> GetPageAsync(string path, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, [("Accept", "text/html"), .. headers]);

    public Task<HttpResponseMessage> CompleteAsync(params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, "/v1/completions", new StringContent("""{"prompt":"a","max_tokens":1}""", null, "application/json"), headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        return await Http.SendAsync(request);
    }

    /// <summary>The form's hidden fields, as a browser would send them, with the code.</summary>
    public async Task<HttpResponseMessage> EnterAsync(string code, string next = "/")
    {
        using var page = await GetPageAsync($"/access?next={Uri.EscapeDataString(next)}");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        var html = await page.Content.ReadAsStringAsync();
        var token = System.Text.RegularExpressions.Regex.Match(html, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        var shown = WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Match(html, "name=\"next\" value=\"([^\"]*)\"").Groups[1].Value);
        return await SendAsync(HttpMethod.Post, "/access", new FormUrlEncodedContent([new("__RequestVerificationToken", token), new("next", shown), new("code", code)]));
    }

    public void Dispose()
    {
        Http.Dispose();
        factory.Dispose();
        plain.Dispose();
    }
}

/// <summary>All that was logged, in one text.</summary>
internal sealed class LogText : ILoggerProvider, ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> lines = new();

    public override string ToString() => string.Join('\n', lines);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    public void Dispose()
    {
    }
}
