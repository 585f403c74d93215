using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>One server that has the model: whether it answers, and how much it has to do for us.</summary>
internal sealed partial class RemoteServer : IDisposable
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(5);

    private readonly HttpClient http;
    private readonly ILogger logger;
    private volatile RemoteModel? model;
    private volatile RemoteModel? listed;
    private volatile string trouble = "it has not answered yet";
    private int running;

    public RemoteServer(RemoteOptions options, HttpMessageHandler? handler, ILogger logger)
    {
        Options = options;
        this.logger = logger;
        Name = new Uri(options.Url).Authority;
        http = new(handler ?? new SocketsHttpHandler { ConnectTimeout = ProbeLimit, PooledConnectionLifetime = TimeSpan.FromMinutes(5) }, disposeHandler: handler is null)
        {
            BaseAddress = new Uri(options.Url.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (options.ApiKey is { Length: > 0 } key)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    public RemoteOptions Options { get; }

    /// <summary>Host and port; neither key nor path.</summary>
    public string Name { get; }

    /// <summary>As the server listed it last; null while the server is left out.</summary>
    public RemoteModel? Model => model;

    /// <summary>The same, also while it is left out: it may be left between being chosen and being asked.</summary>
    public RemoteModel Listed => listed ?? new(Options.Model, null, null);

    /// <summary>Why it is left out, as the end of a sentence that starts with its name.</summary>
    public string Trouble => trouble;

    /// <summary>So many sequences it takes in one request.</summary>
    public int MostSequences { get; private set; } = int.MaxValue;

    /// <summary>Sequences that run there for us.</summary>
    public int Running => Volatile.Read(ref running);

    /// <summary>Counts a request's sequences for as long as the result is not disposed.</summary>
    public IDisposable Busy(int sequences)
    {
        Interlocked.Add(ref running, sequences);
        return new Work(this, sequences);
    }

    public Task<HttpResponseMessage> PostAsync(HttpContent body, CancellationToken cancellationToken) =>
        http.SendAsync(new(HttpMethod.Post, "v1/completions") { Content = body }, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>Leaves it out until it is asked for its models again.</summary>
    public void Leave(string why)
    {
        trouble = why;
        if (Interlocked.Exchange(ref model, null) is not null)
        {
            LogLeft(Options.Model, Name, why);
        }
    }

    /// <summary>Asks for its models; takes the server in, or leaves it out.</summary>
    public async Task ProbeAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ProbeLimit);
        try
        {
            using var response = await http.GetAsync("v1/models", limit.Token);
            if (!response.IsSuccessStatusCode)
            {
                Leave(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden ? "it refuses the API key (Remotes:ApiKey)" : $"it answers {(int)response.StatusCode}");
                return;
            }
            var list = await response.Content.ReadFromJsonAsync(RemoteWire.Default.RemoteModels, limit.Token);
            if (list?.Data?.FirstOrDefault(listed => listed.Id == Options.Model) is not { } found)
            {
                Leave($"it has no model '{Options.Model}', only {string.Join(", ", list?.Data?.Select(listed => listed.Id) ?? [])}");
                return;
            }
            if (model is null && found.OwnedBy == LlamaCpp.Server)
            {
                MostSequences = await PlacesAsync(limit.Token);
            }
            listed = found;
            if (Interlocked.Exchange(ref model, found) is null)
            {
                LogTaken(Options.Model, Name, found.OwnedBy);
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or System.Text.Json.JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Leave(failure is OperationCanceledException ? $"it did not answer within {ProbeLimit.TotalSeconds:0} s" : $"it cannot be reached ({failure.Message})");
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>As llama.cpp tells it; if it does not, it refuses by itself what is too much.</summary>
    private async Task<int> PlacesAsync(CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync("props", cancellationToken);
        return response.IsSuccessStatusCode && (await response.Content.ReadFromJsonAsync(RemoteWire.Default.RemoteProps, cancellationToken))?.TotalSlots is > 0 and var places ? places : int.MaxValue;
    }

    [LoggerMessage(LogLevel.Information, "{Model} is served by {Server} ({Owner})")]
    private partial void LogTaken(string model, string server, string? owner);

    [LoggerMessage(LogLevel.Warning, "{Model} is not served by {Server} any more: {Why}")]
    private partial void LogLeft(string model, string server, string why);

    private sealed class Work(RemoteServer server, int sequences) : IDisposable
    {
        private int left = sequences;

        public void Dispose() => Interlocked.Add(ref server.running, -Interlocked.Exchange(ref left, 0));
    }
}
