using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Kl3m.Playground.E2E;

/// <summary>What a real process does when it is told to stop.</summary>
public sealed class ShutdownTests
{
    private const int Streams = 30;

    [Fact]
    public async Task SIGTERM_during_30_generations_ends_each_whole_or_with_a_clear_message_and_the_process_with_code_0()
    {
        await using var app = await PlaygroundApp.StartAsync("--Shutdown:DrainSeconds=3", "--Engine:MaxWaiting=100", "--Engine:MaxRunning=64");
        using var client = new HttpClient { BaseAddress = app.Address, Timeout = TimeSpan.FromMinutes(1) };
        // A third is short enough to end in time, whatever the machine is doing; the others are longer than that takes.
        var streams = await Task.WhenAll(Enumerable.Range(0, Streams).Select(i => StartAsync(client, i % 3 == 0 ? 6 : 1000)));
        var clock = Stopwatch.StartNew();
        app.Terminate();
        using var probe = new HttpClient { BaseAddress = app.Address };
        await UntilStoppingAsync(probe);
        using var refused = await probe.PostAsJsonAsync("/v1/completions", new { prompt = "a", max_tokens = 1 });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("shutting_down", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var ends = await Task.WhenAll(streams.Select(ReadToEndAsync));
        Assert.Equal(0, await app.ExitAsync(TimeSpan.FromSeconds(30) - clock.Elapsed));
        Assert.All(ends, end => Assert.Contains(end, (string[])["length", "stop", "The server is being shut down. What was written stands."]));
        Assert.True(ends.Count(end => end is "length" or "stop") >= Streams / 3, string.Join('\n', ends));
        Assert.Contains("Generations have ended", app.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_server_ends_at_once_with_code_0()
    {
        await using var app = await PlaygroundApp.StartAsync();
        app.Terminate();
        Assert.Equal(0, await app.ExitAsync(TimeSpan.FromSeconds(30)));
    }

    private static async Task UntilStoppingAsync(HttpClient client)
    {
        while ((await client.GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK)
        {
            await Task.Delay(20);
        }
    }

    /// <summary>Asks, and returns when the first token is there.</summary>
    private static async Task<StreamReader> StartAsync(HttpClient client, int maxTokens)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Content = JsonContent.Create(new { prompt = "Governing Law. ", max_tokens = maxTokens, stream = true, ignore_eos = true }),
        };
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.StartsWith("data: {", await reader.ReadLineAsync(), StringComparison.Ordinal);
        return reader;
    }

    /// <summary>The finish reason, or the error's message; the stream must end as a stream does.</summary>
    private static async Task<string> ReadToEndAsync(StreamReader stream)
    {
        string? end = null, last = null;
        while (await stream.ReadLineAsync() is { } line)
        {
            if (line.Length == 0)
            {
                continue;
            }
            last = line["data: ".Length..];
            if (last == "[DONE]")
            {
                continue;
            }
            var frame = JsonElement.Parse(last);
            end = frame.TryGetProperty("error", out var error) ? error.GetProperty("message").GetString()
                : frame.GetProperty("choices")[0].GetProperty("finish_reason").GetString() ?? end;
        }
        return last == "[DONE]" ? end ?? "nothing" : $"broken off behind {last}";
    }
}
