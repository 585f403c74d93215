namespace Kl3m.Playground.Runs;

/// <summary>What runs need.</summary>
internal static class RunSetup
{
    public static IServiceCollection AddRuns(this IServiceCollection services)
    {
        services.AddOptions<RunOptions>().BindConfiguration("Runs").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<LogitsMemory>();
        services.AddScoped<RunStore>();
        return services;
    }
}
