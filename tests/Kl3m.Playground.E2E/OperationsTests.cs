using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.E2E;

/// <summary>What whoever runs the server sees of it.</summary>
public sealed class OperationsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Metrics_traces_and_logs_go_to_the_collector_that_the_standard_variables_name_and_logs_may_be_JSON()
    {
        using var collector = new Collector();
        await using var app = await PlaygroundApp.StartAsync(
            $"--OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "--OTEL_METRIC_EXPORT_INTERVAL=200",
            "--OTEL_BSP_SCHEDULE_DELAY=200", "--OTEL_BLRP_SCHEDULE_DELAY=200", "--Logging:Console:FormatterName=json");
        using var client = new HttpClient { BaseAddress = app.Address };
        using var answer = await client.PostAsJsonAsync("/v1/completions", new { prompt = "a", max_tokens = 2 });
        answer.EnsureSuccessStatusCode();
        await Task.WhenAll(collector.Seen("/v1/metrics", "gen_ai.server.time_to_first_token"), collector.Seen("/v1/traces", "/v1/completions"), collector.Seen("/v1/logs", "Engine ready")).WaitAsync(Patience);
        var text = await client.GetStringAsync("/metrics");
        var dashboard = await File.ReadAllTextAsync(Path.Combine(SharedFolder.Repository, "deploy", "grafana", "kl3m-playground.json"));
        var asked = Regex.Matches(dashboard, "(?:kl3m|gen_ai)_[a-z_]+").Select(match => Regex.Replace(match.Value, "_bucket$", "")).Distinct().ToList();
        Assert.True(asked.Count > 8);
        Assert.All(asked.Where(name => !name.EndsWith("requests_total", StringComparison.Ordinal) && !name.EndsWith("steps_total", StringComparison.Ordinal)), // written once something failed
            name => Assert.Contains($"# TYPE {name} ", text, StringComparison.Ordinal));
        Assert.All(app.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Equal(JsonValueKind.Object, JsonElement.Parse(line).ValueKind));
    }

    [Fact]
    public async Task A_proxy_of_this_machine_tells_who_its_clients_are()
    {
        await using var app = await PlaygroundApp.StartAsync("--Limits:ApiPerMinute=6");
        using var client = new HttpClient { BaseAddress = app.Address };
        async Task<HttpStatusCode> AskAsync(string? forwardedFor)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(new { prompt = "a", max_tokens = 1 }) };
            request.Headers.Add("X-Forwarded-For", forwardedFor);
            return (await client.SendAsync(request)).StatusCode;
        }
        Assert.Equal(HttpStatusCode.OK, await AskAsync("203.0.113.1"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync("203.0.113.1"));
        // What the client wrote itself stands before what the proxy wrote, and is not believed.
        Assert.Equal(HttpStatusCode.TooManyRequests, await AskAsync("198.51.100.9, 203.0.113.1"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("203.0.113.2"));
    }

    [Fact]
    public async Task A_server_that_others_can_reach_says_so_until_that_is_settled()
    {
        await using (var open = await PlaygroundApp.StartAsync("--urls", "http://0.0.0.0:0"))
        {
            Assert.Contains("Anyone who can reach", open.Log, StringComparison.Ordinal);
            Assert.Contains("Open to everyone", await PageAsync(open), StringComparison.Ordinal);
        }
        await using var meant = await PlaygroundApp.StartAsync("--urls", "http://0.0.0.0:0", "--Access:Open=true");
        Assert.DoesNotContain("Anyone who can reach", meant.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("Open to everyone", await PageAsync(meant), StringComparison.Ordinal);
    }

    private static async Task<string> PageAsync(PlaygroundApp app)
    {
        using var client = new HttpClient { BaseAddress = new UriBuilder(app.Address) { Host = "127.0.0.1" }.Uri };
        return await client.GetStringAsync("/");
    }

    /// <summary>Takes what an OTLP exporter posts, and looks for names in it.</summary>
    private sealed class Collector : IDisposable
    {
        private readonly HttpListener listener = new();
        private readonly ConcurrentDictionary<(string Path, string Name), TaskCompletionSource> awaited = new();
        private readonly ConcurrentQueue<(string Path, string Body)> posts = new();

        public Collector()
        {
            using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Address = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
            }
            listener.Prefixes.Add(Address + "/");
            listener.Start();
            _ = TakeAsync();
        }

        public string Address { get; }

        public Task Seen(string path, string name)
        {
            var seen = awaited.GetOrAdd((path, name), _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
            Look();
            return seen.Task;
        }

        public void Dispose() => listener.Close();

        private async Task TakeAsync()
        {
            try
            {
                while (true)
                {
                    var context = await listener.GetContextAsync();
                    using var body = new MemoryStream();
                    await context.Request.InputStream.CopyToAsync(body);
                    context.Response.Close();
                    posts.Enqueue((context.Request.Url!.AbsolutePath, System.Text.Encoding.Latin1.GetString(body.ToArray())));
                    Look();
                }
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
            }
        }

        private void Look()
        {
            foreach (var ((path, name), seen) in awaited)
            {
                if (posts.Any(post => post.Path == path && post.Body.Contains(name, StringComparison.Ordinal)))
                {
                    seen.TrySetResult();
                }
            }
        }
    }
}
