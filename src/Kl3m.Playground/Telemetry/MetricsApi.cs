namespace Kl3m.Playground.Telemetry;

/// <summary>GET /metrics, for Prometheus to scrape.</summary>
internal static class MetricsApi
{
    public static IServiceCollection AddMetricsText(this IServiceCollection services) => services.AddSingleton<PrometheusMetrics>();

    public static void MapMetrics(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<PrometheusMetrics>(); // made now: it hears nothing of what was before it
        // By this spelling alone: proxies that close it look at letters, and the router would not.
        app.MapGet("/metrics", (HttpContext context) => context.Request.Path.Value == "/metrics"
            ? Results.Text(metrics.Write(), "text/plain; version=0.0.4; charset=utf-8")
            : Results.NotFound()).ExcludeFromDescription();
    }
}
