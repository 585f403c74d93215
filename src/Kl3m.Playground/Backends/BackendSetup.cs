using Kl3m.Inference.Engine;
using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Backends;

/// <summary>Models and what loads them, in <c>Program.cs</c>.</summary>
internal static class BackendSetup
{
    public static IServiceCollection AddBackends(this IServiceCollection services)
    {
        services.AddSingleton<BackendCatalogue>();
        services.AddSingleton<InProcessBackend>();
        services.AddSingleton(_ => HubSettings.FromEnvironment());
        services.AddSingleton<HubDownload>();
        services.AddSingleton<FetchModel>(provider => (id, report, cancellationToken) => provider.GetRequiredService<HubDownload>().FetchAsync(id, report, cancellationToken));
        services.AddSingleton<LoadModel>(provider => provider.GetRequiredService<InProcessBackend>().LoadAsync);
        services.AddOptions<EngineOptions>().BindConfiguration("Engine").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ModelOptions>().BindConfiguration("Model");
        services.AddHostedService<ModelHost>();
        return services;
    }
}
