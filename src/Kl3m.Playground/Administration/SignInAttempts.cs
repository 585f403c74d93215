using System.Net;
using System.Net.Sockets;

namespace Kl3m.Playground.Administration;

/// <summary>Five wrong passphrases a minute from one address, twenty from all together; then nobody is listened to for a while.</summary>
internal sealed class SignInAttempts(TimeProvider time)
{
    public const int PerAddress = 5;
    public const int Overall = 20;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Queue<(long At, string From)> failed = [];

    /// <summary>Takes note of an attempt before it is looked at, so that many at once don't slip through.</summary>
    /// <returns>False: too many; it is not to be looked at.</returns>
    public bool TryTake(IPAddress? address)
    {
        lock (gate)
        {
            while (failed.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) >= Window)
            {
                failed.Dequeue();
            }
            var from = NetworkOf(address);
            if (failed.Count >= Overall || failed.Count(attempt => attempt.From == from) >= PerAddress)
            {
                return false;
            }
            failed.Enqueue((time.GetTimestamp(), from));
            return true;
        }
    }

    /// <summary>Whoever has an IPv6 address has 2^64 of them.</summary>
    private static string NetworkOf(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };
}
