using Kl3m.Playground.Edge;

namespace Kl3m.Playground.Lifetime;

/// <summary>How the process ends, in <c>Program.cs</c>.</summary>
internal static class LifetimeSetup
{
    public static IServiceCollection AddGracefulShutdown(this IServiceCollection services)
    {
        services.AddOptions<ShutdownOptions>().BindConfiguration("Shutdown").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<GracefulLifetime>();
        services.AddSingleton<IHostLifetime>(provider => provider.GetRequiredService<GracefulLifetime>());
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5)); // lines that nobody reads from any more
        return services;
    }

    /// <summary>Programs that ask while the server ends are sent away with the right status, so that they try another node or later.</summary>
    public static void UseShutdownRefusals(this WebApplication app)
    {
        var lifetime = app.Services.GetRequiredService<GracefulLifetime>();
        app.Use((context, next) =>
        {
            if (!lifetime.IsStopping || !AccessGate.IsForPrograms(context.Request.Path))
            {
                return next(context);
            }
            context.Response.Headers.RetryAfter = "30";
            return ForeignPages.RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "The server is being shut down. Try again in half a minute.", "shutting_down", "server_error");
        });
    }
}
