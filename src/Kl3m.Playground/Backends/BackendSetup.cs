using Kl3m.Inference.Engine;
using Kl3m.Playground.Backends.Library;
using Kl3m.Playground.Backends.Remote;
using Kl3m.Playground.Hub;
using Kl3m.Playground.Telemetry;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Backends;

/// <summary>Models and what loads them, in <c>Program.cs</c>.</summary>
internal static class BackendSetup
{
    public static IServiceCollection AddBackends(this IServiceCollection services)
    {
        services.AddOptions<EngineOptions>().BindConfiguration("Engine").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<LibraryOptions>().BindConfiguration("Models").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ModelOptions>().BindConfiguration("Model");
        services.AddSingleton<BackendCatalogue>();
        services.AddScoped<ChosenModel>();
        services.AddSingleton<InProcessBackend>();
        services.AddSingleton(_ => HubSettings.FromEnvironment());
        services.AddSingleton<HubDownload>();
        services.AddSingleton(provider => new LocalModels(provider.GetRequiredService<IOptions<LibraryOptions>>().Value, provider.GetRequiredService<HubSettings>()));
        services.AddSingleton(provider => new ModelSteps(
            provider.GetRequiredService<HubDownload>().FetchAsync,
            provider.GetRequiredService<HubDownload>().LookAsync,
            provider.GetRequiredService<InProcessBackend>().LoadAsync,
            config => EngineMemory.Of(config, provider.GetRequiredService<IOptions<EngineOptions>>().Value),
            DeviceMemory.Of));
        services.AddSingleton<FreeSpace>(_ => HubDownload.FreeBytes);
        services.AddSingleton<ModelLibrary>();
        services.AddSingleton<EngineFigures>();
        services.AddHostedService<ModelHost>();
        services.AddSingleton(provider => RemoteOptions.Read(provider.GetRequiredService<IConfiguration>()));
        services.AddHostedService<RemoteHost>();
        return services;
    }
}
