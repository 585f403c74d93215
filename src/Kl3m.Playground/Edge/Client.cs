using System.Net;
using System.Net.Sockets;

namespace Kl3m.Playground.Edge;

/// <summary>Whom limits are counted for.</summary>
internal static class Client
{
    /// <summary>
    /// The address, for IPv6 its /64: one household or machine commonly has all of it, so that counting single addresses would limit nobody.
    /// </summary>
    public static string Of(IPAddress? address)
    {
        if (address is null)
        {
            return "local"; // in-memory servers and Unix sockets
        }
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address.ToString();
        }
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }
}
