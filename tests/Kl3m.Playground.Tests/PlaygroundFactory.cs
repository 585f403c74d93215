using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Tests.Shared;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kl3m.Playground.Tests;

/// <summary>The whole app in memory, with a fake for a model; nothing is loaded.</summary>
/// <param name="generator">What serves; null: the catalogue stays as it is at the start.</param>
internal sealed class PlaygroundFactory(ITextGenerator? generator) : WebApplicationFactory<Program>
{
    public PlaygroundFactory() : this(new FakeTextGenerator())
    {
    }

    /// <summary>A clock of the test's own.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Of the configuration.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public BackendCatalogue Catalogue => Services.GetRequiredService<BackendCatalogue>();

    protected override void ConfigureWebHost(IWebHostBuilder builder) => Settings.Aggregate(builder.UseSetting("Limits:ApiPerMinute", "1000000"), (host, setting) => host.UseSetting(setting.Key, setting.Value)).ConfigureLogging(log => log.ClearProviders()).ConfigureTestServices(services =>
    {
        services.Remove(services.Single(service => service.ImplementationType == typeof(ModelHost)));
        services.AddSingleton(Time);
        services.AddSingleton(_ =>
        {
            var catalogue = new BackendCatalogue();
            if (generator is not null)
            {
                catalogue.Ready(generator);
            }
            return catalogue;
        });
    });
}
