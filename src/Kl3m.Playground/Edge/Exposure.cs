using System.Net;
using Kl3m.Playground.Edge.SignIn;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>Who can reach this server, going by the addresses that it listens on.</summary>
internal sealed partial class Exposure(IServer server, IOptions<AccessOptions> access, IOptions<SignInOptions> signIn, ILogger<Exposure> logger) : IHostedLifecycleService
{
    /// <summary>Only programs of this machine. Known once the server listens; an in-memory server has no address and counts as local.</summary>
    public bool IsLocal => Addresses.All(IsLoopback);

    /// <summary>Others can reach it, nobody is asked for a code or to sign in, and it was not said that this is meant.</summary>
    public bool IsUnguarded => !IsLocal && string.IsNullOrEmpty(access.Value.Code) && !signIn.Value.IsSet && !access.Value.Open;

    private ICollection<string> Addresses => server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (IsUnguarded)
        {
            LogUnguarded(string.Join(", ", Addresses.Where(address => !IsLoopback(address))));
        }
        return Task.CompletedTask;
    }

    public static bool IsLoopback(string address)
    {
        var bound = BindingAddress.Parse(address);
        return bound.IsUnixPipe || bound.IsNamedPipe || IsLoopbackHost(bound.Host);
    }

    public static bool IsLoopbackHost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    [LoggerMessage(LogLevel.Warning, "Anyone who can reach {Addresses} can use this playground and its model. Set Access:Code to ask for a code or Access:OpenIdConnect to have people sign in, bind to localhost (Urls), or set Access:Open if that is meant.")]
    private partial void LogUnguarded(string addresses);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
