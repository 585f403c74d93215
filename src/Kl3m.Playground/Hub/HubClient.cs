using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Kl3m.Playground.Hub;

/// <summary>
/// The public protocol of the Hugging Face hub: model info with file list, sizes and hashes, and files by commit, behind redirects.
/// The names of the endpoints and headers: huggingface.co/docs/hub/api and huggingface_hub's file_download.
/// </summary>
internal sealed partial class HubClient(HubSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>A line on which nothing comes for so long is taken for broken.</summary>
    public static readonly TimeSpan Stall = TimeSpan.FromSeconds(30);

    private const int MaxRedirects = 8;
    private const int MaxInfoBytes = 32 * 1024 * 1024;

    // Redirects are followed by hand: the token must not travel to another host.
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(15) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Whether the text can be the name of a repository; nothing else becomes part of an address or a path.</summary>
    public static bool IsId(string id) => Ids().IsMatch(id) && !id.Contains("..", StringComparison.Ordinal) && !id.Contains("--", StringComparison.Ordinal);

    /// <exception cref="HubException">No such model, no right to it, or no answer (then it is transient).</exception>
    public async Task<HubRevision> MainAsync(string id, CancellationToken cancellationToken)
    {
        if (!IsId(id))
        {
            throw new HubException($"'{id}' is no name of the hub; a model there is called owner/name, such as alea-institute/kl3m-003-1.7b.");
        }
        using var response = await SendAsync(HttpMethod.Get, id, new Uri(settings.Endpoint, $"api/models/{id}/revision/main?blobs=true"), null, cancellationToken);
        await using var body = new HubBody(await response.Content.ReadAsStreamAsync(cancellationToken), time);
        return HubRevision.Parse(id, await body.ReadAllAsync(MaxInfoBytes, cancellationToken));
    }

    /// <summary>Size and hash of a file from the headers of its own address.</summary>
    public async Task<HubFile> DescribeAsync(string id, string commit, string name, CancellationToken cancellationToken)
    {
        var (size, hash) = (default(long?), default(string));
        using var response = await SendAsync(HttpMethod.Head, id, FileAddress(id, commit, name), null, cancellationToken, hop =>
        {
            // The hub's own answer says what the file is; the storage behind the redirect has ETags of its own.
            size ??= long.TryParse(Header(hop, "X-Linked-Size"), out var linked) ? linked : hop.IsSuccessStatusCode ? hop.Content.Headers.ContentLength : null;
            hash ??= Header(hop, "X-Linked-Etag") ?? hop.Headers.ETag?.Tag;
        });
        hash = hash?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
        return size is { } bytes && HubFile.IsHash(hash)
            ? new(name, bytes, hash!)
            : throw new HubException($"{settings.Endpoint.Host} does not say the size and hash of {name} in {id}, so it could not be checked.");
    }

    /// <summary>A file's bytes from an offset on, or up to another and with it.</summary>
    /// <returns>The body, and where it begins: 0 if the server does not know ranges.</returns>
    public async Task<(HttpResponseMessage Response, HubBody Body, long From)> OpenAsync(string id, string commit, string name, long from, long? to, CancellationToken cancellationToken)
    {
        var response = await SendAsync(HttpMethod.Get, id, FileAddress(id, commit, name), from > 0 || to is not null ? new(from, to) : null, cancellationToken);
        return (response, new(await response.Content.ReadAsStreamAsync(cancellationToken), time),
            response.StatusCode == HttpStatusCode.PartialContent ? response.Content.Headers.ContentRange?.From ?? 0 : 0);
    }

    public void Dispose() => http.Dispose();

    private Uri FileAddress(string id, string commit, string name) => new(settings.Endpoint, $"{id}/resolve/{commit}/{Uri.EscapeDataString(name)}");

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string id, Uri address, RangeHeaderValue? range, CancellationToken cancellationToken, Action<HttpResponseMessage>? look = null)
    {
        for (var hop = 0; hop < MaxRedirects; hop++)
        {
            using var request = new HttpRequestMessage(method, address);
            request.Headers.UserAgent.ParseAdd("Kl3m.Playground");
            request.Headers.AcceptEncoding.ParseAdd("identity");
            request.Headers.Range = range;
            if (settings.Token is { } token && Uri.Compare(address, settings.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0)
            {
                request.Headers.Authorization = new("Bearer", token);
            }
            var response = await AnswerAsync(request, cancellationToken);
            look?.Invoke(response);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }
            using (response)
            {
                address = (int)response.StatusCode is >= 300 and < 400 && response.Headers.Location is { } location
                    ? Next(address, location)
                    : throw Refusal(id, address, response);
            }
        }
        throw new HubException($"{settings.Endpoint.Host} redirects in a circle for {id}.");
    }

    private async Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Stall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested))
        {
            throw new HubException($"{request.RequestUri!.Host} cannot be reached: {(limit.IsCancellationRequested ? "no answer in time" : exception.Message)}", exception) { Transient = true };
        }
    }

    private static Uri Next(Uri address, Uri location)
    {
        var next = new Uri(address, location);
        return next.Scheme == "https" || (next.Scheme == "http" && address.Scheme == "http")
            ? next
            : throw new HubException($"{address.Host} redirects to {next.Scheme}, which is refused.");
    }

    private HubException Refusal(string id, Uri address, HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new(
            $"{address.Host} refuses {id} ({(int)response.StatusCode}): it is gated or private, or there is no such model. Accept its licence at "
            + $"{settings.Endpoint}{id}, then {(settings.Token is null ? "set" : "check the token in")} HF_TOKEN ({settings.Endpoint}settings/tokens)."),
        HttpStatusCode.NotFound => new($"{address.Host} does not have {id}, or not the file {address.Segments[^1]} in it. Check the name."),
        HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or HttpStatusCode.RequestedRangeNotSatisfiable or >= HttpStatusCode.InternalServerError => new(
            $"{address.Host} answers {(int)response.StatusCode} for {id}.") { Transient = true, RetryAfter = Wait(response.Headers.RetryAfter) },
        var status => new($"{address.Host} answers {(int)status} for {id}."),
    };

    private TimeSpan? Wait(RetryConditionHeaderValue? header) => header?.Delta ?? (header?.Date - time.GetUtcNow());

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]{0,95}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,95})?\z")]
    private static partial Regex Ids();
}
