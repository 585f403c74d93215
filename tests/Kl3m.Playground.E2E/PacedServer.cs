using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kl3m.Playground.E2E;

/// <summary>
/// Passes an app's own API on, one token a pause: the app that names it as a remote serves its small, fast model a second time, as slow as a
/// large one writes. What the engine does is the app's own, and is done long before the text is.
/// </summary>
internal sealed class PacedServer : IAsyncDisposable
{
    /// <summary>The name that the model has here.</summary>
    public const string Model = "paced";

    private const string Written = "kl3m-playground-7m";

    private readonly HttpClient http = new();
    private readonly TimeSpan pause;
    private readonly WebApplication app;

    public PacedServer(TimeSpan pause)
    {
        this.pause = pause;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(PassAsync);
        ((IHost)app).Start();
    }

    public string Address => app.Urls.Single();

    /// <summary>The app; until it is known nothing is served.</summary>
    public Uri? App { get; set; }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        http.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        if (App is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        using var asked = new StreamReader(context.Request.Body);
        var body = (await asked.ReadToEndAsync(context.RequestAborted)).Replace($"\"{Model}\"", $"\"{Written}\"", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new(context.Request.Method), new Uri(App, context.Request.Path));
        request.Content = body.Length > 0 ? new StringContent(body, Encoding.UTF8, "application/json") : null;
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(context.RequestAborted));
        using var timer = new PeriodicTimer(pause);
        while (await lines.ReadLineAsync(context.RequestAborted) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                await timer.WaitForNextTickAsync(context.RequestAborted);
            }
            await context.Response.WriteAsync(line.Replace($"\"{Written}\"", $"\"{Model}\"", StringComparison.Ordinal) + "\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
