using System.Text.Json;
using Kl3m.Inference.Engine;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Backends.Remote;
using Kl3m.Playground.Lifetime;

namespace Kl3m.Playground.Telemetry;

/// <summary>/health/live: the process answers. /health/ready: a model serves, or why not.</summary>
internal static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => Results.Json(new Health("live"))).WithTags("Health").WithSummary("The process answers").Produces<Health>();
        routes.MapGet("/health/ready", Ready).WithTags("Health").WithSummary("A model serves").Produces<Health>().Produces<Health>(StatusCodes.Status503ServiceUnavailable);
    }

    private static IResult Ready(BackendCatalogue catalogue, GracefulLifetime lifetime) => (catalogue.Default is ServedModel served ? served.Inner : catalogue.Default) switch
    {
        _ when lifetime.IsStopping => NotReady(new("failed", Reason: "The server is being shut down.")),
        InferenceEngine { IsHealthy: false } => NotReady(new("failed", Reason: "The engine has stopped; the log says why.")),
        InferenceEngine { IsStalled: true } engine => NotReady(new("failed",
            Reason: $"The engine hangs: it has work, and no step has ended for {Math.Floor(engine.Metrics.WithoutProgress.TotalSeconds)} s.")),
        RemoteTextGenerator { IsHealthy: false } => NotReady(new("failed", Reason: "No remote server answers; the log says why.")),
        { } generator => Results.Json(new Health("ready", Model: generator.Model.Id)),
        null => NotReady(new(
            catalogue.Phase is LoadPhase.Failed or LoadPhase.Unloaded ? "failed" : "loading",
            JsonNamingPolicy.SnakeCaseLower.ConvertName(catalogue.Phase.ToString()), catalogue.Progress, catalogue.Error)
        {
            Percent = catalogue.Download is { Total: 0 } ? null : catalogue.Progress * 100 is { } percent ? Math.Round(percent, 1) : null,
            Bytes = catalogue.Download?.Bytes,
            Total = catalogue.Download?.Total,
            BytesPerSecond = catalogue.Download?.BytesPerSecond is { } rate ? Math.Round(rate) : null,
            SecondsLeft = catalogue.Download?.Remaining is { } left ? Math.Ceiling(left.TotalSeconds) : null,
        }),
    };

    private static IResult NotReady(Health health) => Results.Json(health, statusCode: StatusCodes.Status503ServiceUnavailable);
}

/// <param name="Status">live, ready, loading or failed.</param>
/// <param name="Phase">Of loading: starting, downloading, reading, warming_up, failed or unloaded.</param>
/// <param name="Progress">0 to 1, where it is known.</param>
/// <param name="Reason">Why no model serves, for people.</param>
internal sealed record Health(string Status, string? Phase = null, double? Progress = null, string? Reason = null, string? Model = null)
{
    /// <summary>Of downloading or reading, 0 to 100, where it is known. The next four are of downloading only.</summary>
    public double? Percent { get; init; }

    /// <summary>What is there of the files.</summary>
    public long? Bytes { get; init; }

    public long? Total { get; init; }

    public double? BytesPerSecond { get; init; }

    public double? SecondsLeft { get; init; }
}
