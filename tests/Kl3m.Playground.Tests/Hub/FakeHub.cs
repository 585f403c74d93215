using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kl3m.Playground.Tests.Hub;

/// <summary>A request as it came.</summary>
/// <param name="Host">"hub", or "storage": the other host that large files are redirected to.</param>
internal sealed record HubRequest(string Host, string Method, string Path, long? From, long? To, string? Authorization);

/// <summary>What goes wrong with the next answer for a file; whether the answer is given with it.</summary>
internal delegate Task<bool> Fault(HttpContext context, byte[] content, long from);

/// <summary>A real HTTP server that speaks the hub's protocol, with two origins, and fails as it is told.</summary>
internal sealed class FakeHub : IAsyncDisposable
{
    public const string Id = "org/name";
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const int PieceBytes = 64 * 1024;
    private readonly WebApplication app;
    private long sent;

    public FakeHub()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        app = builder.Build();
        app.Run(AnswerAsync);
        ((IHost)app).Start();
        var origins = app.Urls.Select(url => new Uri(url)).ToArray();
        (Hub, Storage) = (origins[0], origins[1]);
    }

    public Uri Hub { get; }

    public Uri Storage { get; }

    public ConcurrentQueue<HubRequest> Requests { get; } = new();

    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>By file, or "info"; each is used once, in order.</summary>
    public ConcurrentDictionary<string, ConcurrentQueue<Fault>> Faults { get; } = new(StringComparer.Ordinal);

    /// <summary>Told after each piece of a file that the storage sent, with the bytes that it has sent in all; what it waits for holds the line up.</summary>
    public Func<long, Task>? Pieces { get; set; }

    /// <summary>The token that a gated model wants; null: everybody may.</summary>
    public string? Gate { get; init; }

    /// <summary>Mirrors that do not tell size and hash in the model info.</summary>
    public bool Silent { get; init; }

    public IEnumerable<HubRequest> Sent(string file) => Requests.Where(request => request.Path.EndsWith("/" + file, StringComparison.Ordinal));

    /// <summary>Requests that moved the bytes of a file.</summary>
    public IEnumerable<HubRequest> Fetches(string file) => Sent(file).Where(request => request.Method == "GET" && (request.Host == "storage" || !IsLarge(file)));

    public void Fail(string file, params Fault[] faults) => faults.ToList().ForEach(Faults.GetOrAdd(file, _ => new()).Enqueue);

    public static Fault Status(int status, string? retryAfter = null) => (context, _, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        return Task.FromResult(true);
    };

    public static Fault CutAfter(int bytes) => async (context, content, from) =>
    {
        await SendAsync(context, content, from, bytes);
        return true; // the server closes the line, since the length that it promised is not reached
    };

    public static Fault Bytes(byte[] others) => async (context, _, from) =>
    {
        await SendAsync(context, others, from, int.MaxValue);
        return true;
    };

    public static Fault WrongBytes() => async (context, content, from) =>
    {
        var wrong = content.ToArray();
        wrong[^1] ^= 1;
        await SendAsync(context, wrong, from, int.MaxValue);
        return true;
    };

    public static Fault NoRanges() => async (context, content, _) =>
    {
        context.Request.Headers.Remove("Range");
        await SendAsync(context, content, 0, int.MaxValue);
        return true;
    };

    public static Fault WaitFor(Task gate) => async (_, _, _) =>
    {
        await gate;
        return false;
    };

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static string GitHash(byte[] content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1); // git's, not ours to choose
        hash.AppendData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public static string HashOf(string file, byte[] content) => IsLarge(file) ? Sha256(content) : GitHash(content);

    public static bool IsLarge(string file) => file.EndsWith(".safetensors", StringComparison.Ordinal);

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        var host = request.Host.Port == Storage.Port ? "storage" : "hub";
        var range = request.GetTypedHeaders().Range?.Ranges.Single();
        var from = range?.From;
        var path = request.Path.Value!;
        Requests.Enqueue(new(host, request.Method, path, from, range?.To, request.Headers.Authorization));
        var name = path.StartsWith("/api/", StringComparison.Ordinal) ? "info" : path[(path.LastIndexOf('/') + 1)..];
        var content = name == "info" ? Info() : Files.GetValueOrDefault(name);
        var redirected = host == "hub" && name != "info" && IsLarge(name);
        if (content is null)
        {
            response.StatusCode = 404;
        }
        else if (host == "hub" && name != "info" && Gate is { } token && request.Headers.Authorization != $"Bearer {token}")
        {
            response.StatusCode = 401;
        }
        else if (redirected)
        {
            response.StatusCode = 302;
            response.Headers["X-Linked-Etag"] = $"\"{Sha256(content)}\"";
            response.Headers["X-Linked-Size"] = content.Length.ToString(CultureInfo.InvariantCulture);
            response.Headers.Location = new Uri(Storage, $"/blobs/{name}").ToString();
        }
        else if (!Faults.GetOrAdd(name, _ => new()).TryDequeue(out var fault) || !await fault(context, content, from ?? 0))
        {
            response.Headers.ETag = $"\"{(host == "storage" ? "of-the-storage" : GitHash(content))}\"";
            await (Pieces is not null && host == "storage" ? SendPiecesAsync(context, content, from ?? 0) : SendAsync(context, content, from ?? 0, int.MaxValue));
        }
    }

    /// <summary>As fast as it goes, or piece by piece for who listens.</summary>
    private async Task SendPiecesAsync(HttpContext context, byte[] content, long from)
    {
        await SendAsync(context, content, from, 0);
        var end = EndOf(context, content);
        for (var at = (int)from; at < end && context.Request.Method != "HEAD"; at += PieceBytes)
        {
            var count = Math.Min(PieceBytes, end - at);
            await context.Response.Body.WriteAsync(content.AsMemory(at, count), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Pieces!(Interlocked.Add(ref sent, count));
        }
    }

    private static async Task SendAsync(HttpContext context, byte[] content, long from, int most)
    {
        var asked = context.Request.GetTypedHeaders().Range?.Ranges.Single().From == from;
        var end = asked ? EndOf(context, content) : content.Length;
        if (asked)
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {from}-{end - 1}/{content.Length}";
        }
        context.Response.ContentLength = end - from;
        if (context.Request.Method != "HEAD")
        {
            await context.Response.Body.WriteAsync(content.AsMemory((int)from, (int)Math.Min(end - from, most)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static int EndOf(HttpContext context, byte[] content) =>
        context.Request.GetTypedHeaders().Range?.Ranges.Single().To is { } last ? (int)Math.Min(last + 1, content.Length) : content.Length;

    private byte[] Info() => JsonSerializer.SerializeToUtf8Bytes(new
    {
        id = Id,
        sha = Commit,
        siblings = Files.Select(file => Silent ? (object)new { rfilename = file.Key }
            : IsLarge(file.Key) ? new { rfilename = file.Key, size = file.Value.Length, blobId = GitHash(file.Value), lfs = new { size = file.Value.Length, sha256 = Sha256(file.Value), pointerSize = 135 } }
            : new { rfilename = file.Key, size = file.Value.Length, blobId = GitHash(file.Value) }),
    });
}
