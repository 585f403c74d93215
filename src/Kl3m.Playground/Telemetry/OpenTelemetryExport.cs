using Kl3m.Inference.Engine;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Kl3m.Playground.Telemetry;

/// <summary>
/// Sends metrics, traces and logs to a collector if OpenTelemetry's own environment variables name one (OTEL_EXPORTER_OTLP_ENDPOINT; also
/// ..._PROTOCOL, ..._HEADERS, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES). Without it nothing is collected and nothing is sent.
/// </summary>
internal static class OpenTelemetryExport
{
    private static readonly string[] Meters =
    [
        EngineMetrics.MeterName,
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Microsoft.AspNetCore.Components.Server.Circuits",
        "Microsoft.AspNetCore.RateLimiting",
        "System.Runtime",
    ];

    public static void AddOpenTelemetryExport(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            return;
        }
        // ASP.NET fills in method, route and status of its traces only when told to.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("kl3m-playground").AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics.AddMeter(Meters))
            .WithTracing(tracing => tracing.AddSource("Microsoft.AspNetCore"))
            .WithLogging()
            .UseOtlpExporter();
    }
}
