using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.SignalR.Client;

namespace Kl3m.Benchmarks.Crowd;

/// <summary>A running app, asked through its hub by one connection per client.</summary>
internal sealed class HubCrowd(Uri app) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, Task<HubConnection>> connections = [];
    private readonly HttpClient http = new() { BaseAddress = app };

    public Crowd Crowd => new(AskAsync, ReadMetricsAsync);

    /// <summary>So that the time of connecting is not measured.</summary>
    public Task ConnectAsync(int clients) => Task.WhenAll(Enumerable.Range(0, clients).Select(Connection));

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in connections.Values)
        {
            await (await connection).DisposeAsync();
        }
        http.Dispose();
    }

    private async IAsyncEnumerable<int> AskAsync(int client, CrowdRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await Connection(client);
        var body = new { prompt = request.Prompt, max_tokens = request.MaxTokens, n = request.Sequences, seed = request.Seed, ignore_eos = true, logprobs = 10 };
        await foreach (var batch in connection.StreamAsync<JsonElement[]>("Generate", body, cancellationToken))
        {
            var tokens = batch.Count(happened => happened.GetProperty("type").GetString() == "token");
            if (tokens > 0)
            {
                yield return tokens;
            }
        }
    }

    private Task<HubConnection> Connection(int client) => connections.GetOrAdd(client, async _ =>
    {
        var connection = new HubConnectionBuilder().WithUrl(new Uri(app, "hubs/generation")).Build();
        await connection.StartAsync();
        return connection;
    });

    private async Task<IReadOnlyDictionary<string, double>> ReadMetricsAsync()
    {
        var metrics = new Dictionary<string, double>();
        foreach (var line in (await http.GetStringAsync(new Uri("metrics", UriKind.Relative))).Split('\n').Where(line => line.StartsWith("kl3m_", StringComparison.Ordinal) && !line.Contains("_bucket", StringComparison.Ordinal)))
        {
            metrics[line[..line.IndexOfAny(['{', ' '])]] = double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
        }
        return metrics;
    }
}
