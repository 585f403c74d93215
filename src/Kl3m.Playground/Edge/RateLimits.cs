using System.Globalization;
using System.Threading.RateLimiting;
using Kl3m.Playground.Api;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>Keeps one client from taking all of the server. The model's own line is beside this: it is shared fairly and has its own end.</summary>
internal static class RateLimits
{
    public static void AddRateLimits(this IServiceCollection services)
    {
        services.AddRateLimiter(limiter => limiter.OnRejected = RefuseAsync);
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<LimitOptions>, IOptions<ApiOptions>>((limiter, limits, api) =>
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(Rates(limits.Value, api.Value), Running(limits.Value, api.Value)));
    }

    /// <summary>Refuses new pages while as many are open as the server is to hold. Behind the rate limits, since a full server is asked most.</summary>
    public static void UseCircuitLimit(this WebApplication app)
    {
        var circuits = app.Services.GetRequiredService<CircuitCount>();
        var most = app.Services.GetRequiredService<IOptions<LimitOptions>>().Value.Circuits;
        app.Use(async (context, next) =>
        {
            if (circuits.Open < most || !OpensPage(context))
            {
                await next(context);
                return;
            }
            context.Response.Headers.RetryAfter = "30";
            await new RazorComponentResult<FullPage>(new { Circuits = circuits.Open }) { StatusCode = StatusCodes.Status503ServiceUnavailable }.ExecuteAsync(context);
        });
    }

    private static PartitionedRateLimiter<HttpContext> Rates(LimitOptions limits, ApiOptions api) => PartitionedRateLimiter.Create<HttpContext, string>(context =>
        IsOfThisMachine(context) ? RateLimitPartition.GetNoLimiter("")
        : AccessGate.IsForPrograms(context.Request.Path) ? Bucket($"api {Caller(context, api)}", limits.ApiPerMinute)
        : OpensPage(context) ? Bucket($"page {Client.Of(context.Connection.RemoteIpAddress)}", limits.PagesPerMinute)
        : RateLimitPartition.GetNoLimiter(""));

    private static PartitionedRateLimiter<HttpContext> Running(LimitOptions limits, ApiOptions api) => PartitionedRateLimiter.Create<HttpContext, string>(context =>
        AccessGate.IsForPrograms(context.Request.Path) && !IsOfThisMachine(context)
            ? RateLimitPartition.GetConcurrencyLimiter(Caller(context, api), _ => new() { PermitLimit = limits.ApiAtOnce })
            : RateLimitPartition.GetNoLimiter(""));

    private static RateLimitPartition<string> Bucket(string client, int perMinute) => RateLimitPartition.GetTokenBucketLimiter(client, _ =>
    {
        var tokens = (int)Math.Ceiling(perMinute / 600.0); // at most ten refills a second
        return new()
        {
            TokenLimit = Math.Max(1, perMinute / 6),
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromMinutes((double)tokens / perMinute),
        };
    });

    /// <summary>Programs of this machine may ask as they like. Behind a proxy the address is that of its client, which the proxy must forward.</summary>
    private static bool IsOfThisMachine(HttpContext context) => context.Connection.RemoteIpAddress is { } address && System.Net.IPAddress.IsLoopback(address);

    /// <summary>A key of this server, else the address: a made-up key must not buy a bucket of its own.</summary>
    private static string Caller(HttpContext context, ApiOptions api) =>
        AccessGate.KeyOf(context.Request) is { } key && Secret.MatchesAny(key, api.Keys)
            ? $"key {string.GetHashCode(key, StringComparison.Ordinal)}"
            : Client.Of(context.Connection.RemoteIpAddress);

    /// <summary>Files, probes and what an open page says are free.</summary>
    private static bool OpensPage(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/_blazor", out var rest)
            ? rest.StartsWithSegments("/negotiate")
            : HttpMethods.IsGet(context.Request.Method) && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase)
                && context.GetEndpoint()?.Metadata.GetMetadata<StaticAssetDescriptor>() is null && !context.Request.Path.StartsWithSegments("/health");

    private static async ValueTask RefuseAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var response = rejected.HttpContext.Response;
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(1);
        var seconds = Math.Max(1, Math.Ceiling(wait.TotalSeconds));
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await response.WriteAsJsonAsync(
            ErrorBody.Of(new(response.StatusCode, $"Too many requests from this client. Try again in {seconds} s.", "rate_limit_error", null, "too_many_requests")),
            ApiJson.Wire.ErrorBody, cancellationToken: cancellationToken);
    }
}
