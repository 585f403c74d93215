using Kl3m.Inference.Engine;

namespace Kl3m.Playground.Backends;

/// <summary>Models and what loads them, in <c>Program.cs</c>.</summary>
internal static class BackendSetup
{
    public static IServiceCollection AddBackends(this IServiceCollection services)
    {
        services.AddSingleton<BackendCatalogue>();
        services.AddSingleton<InProcessBackend>();
        services.AddSingleton<LoadModel>(provider => provider.GetRequiredService<InProcessBackend>().LoadAsync);
        services.AddOptions<EngineOptions>().BindConfiguration("Engine").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ModelOptions>().BindConfiguration("Model");
        services.AddHostedService<ModelHost>();
        return services;
    }
}
