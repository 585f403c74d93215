using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge.SignIn;

/// <summary>Reads the provider's discovery document at the start, so that a wrong address is found by who runs the app and not by the first student.</summary>
internal sealed partial class ProviderCheck(IOptionsMonitor<OpenIdConnectOptions> options, ILogger<ProviderCheck> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var provider = options.Get(OpenIdConnectDefaults.AuthenticationScheme);
        try
        {
            var found = await provider.ConfigurationManager!.GetConfigurationAsync(stoppingToken);
            LogFound(found.Issuer, provider.ClientId, SignInSetup.Callback);
        }
        catch (Exception failure) when (failure is InvalidOperationException or HttpRequestException or IOException)
        {
            // It may come up later, and is asked again when somebody signs in.
            LogNotFound(provider.Authority, failure);
        }
        catch (OperationCanceledException)
        {
            // The app ends.
        }
    }

    [LoggerMessage(LogLevel.Information, "People sign in at {Issuer}, where this app is {Client}; its redirect address there must end with {Callback}")]
    private partial void LogFound(string issuer, string? client, string callback);

    [LoggerMessage(LogLevel.Error, "Nobody can sign in: Access:OpenIdConnect:Authority is {Authority}, and there is no discovery document behind it (/.well-known/openid-configuration)")]
    private partial void LogNotFound(string? authority, Exception failure);
}
