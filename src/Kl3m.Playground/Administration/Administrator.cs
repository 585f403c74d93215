using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Kl3m.Playground.Edge;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Secret = Kl3m.Playground.Edge.Secret;

namespace Kl3m.Playground.Administration;

/// <summary>
/// Says who may download, load and delete models. Where a passphrase is set: whoever knows it, for twelve hours, by a cookie that only this
/// server can make. Where none is: anybody as long as the app listens on the loopback interface alone and is asked there directly.
/// </summary>
internal sealed class Administrator(IServer server, IOptions<AdministratorOptions> options, IDataProtectionProvider protection, TimeProvider time)
{
    public const string Claim = "kl3m:administrator";
    public const string Cookie = "kl3m-administrator";
    private static readonly TimeSpan Session = TimeSpan.FromHours(12);
    private static readonly string[] Forwarding = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Original-For", "Via"];

    private readonly IDataProtector protector = protection.CreateProtector("Kl3m.Playground.Administrator.v1");

    /// <summary>Five wrong ones a minute from one address, and fifty from all; who is refused is not listened to.</summary>
    public AttemptLimit Attempts { get; } = new(5, time);

    /// <summary>There is a passphrase to sign in with.</summary>
    public bool HasPassphrase => !string.IsNullOrEmpty(options.Value.Passphrase);

    public static bool Is(ClaimsPrincipal user) => user.HasClaim(claim => claim.Type == Claim);

    /// <summary>Everything that listens does so on the loopback interface; a server without addresses (behind a socket, say) is open to others.</summary>
    public bool IsLocalOnly =>
        server.Features.Get<IServerAddressesFeature>()?.Addresses is { Count: > 0 } addresses && addresses.All(address => Exposure.IsLoopbackHost(BindingAddress.Parse(address).Host));

    /// <summary>
    /// Whether the request comes straight from this machine: not through a proxy, and not under a foreign name, which a page elsewhere may
    /// have let point to the loopback address. A proxy may hide itself; who has one sets a passphrase, and then this is not asked.
    /// </summary>
    public bool IsLocal(HttpRequest request) => !HasPassphrase && IsLocalOnly
        && request.HttpContext.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && !Forwarding.Any(request.Headers.ContainsKey)
        && Exposure.IsLoopbackHost(request.Host.Host);

    public bool IsPassphrase(string? tried) => HasPassphrase && Secret.Matches(tried ?? "", options.Value.Passphrase!);

    /// <summary>The cookie's value; it ends with the session, and with the passphrase that it was made for.</summary>
    public string Ticket() => protector.Protect($"{(time.GetUtcNow() + Session).ToUnixTimeSeconds()}|{Hash}");

    public bool IsTicket(string? cookie)
    {
        if (!HasPassphrase || string.IsNullOrEmpty(cookie))
        {
            return false;
        }
        try
        {
            return protector.Unprotect(cookie).Split('|') is [var until, var hash]
                && long.TryParse(until, CultureInfo.InvariantCulture, out var seconds) && time.GetUtcNow().ToUnixTimeSeconds() < seconds
                && Secret.Matches(hash, Hash);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private string Hash => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(options.Value.Passphrase ?? "")));
}
