using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Kl3m.Playground.Classroom;

/// <summary>Proves who acts in a room: 256 random bits that only one browser holds. The server keeps no more than their hash.</summary>
internal static class RoomKey
{
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>Compares two hashes in a time that does not tell how far they agree.</summary>
    public static bool Fits(string hash, string kept) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(hash), Encoding.ASCII.GetBytes(kept));
}
