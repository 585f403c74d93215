using System.Security.Cryptography;
using System.Text;

namespace Kl3m.Playground.Edge;

/// <summary>Compares secrets in a time that tells nothing of them, not even their length.</summary>
internal static class Secret
{
    public static bool Matches(string? given, string secret) =>
        CryptographicOperations.FixedTimeEquals(Hash(given ?? ""), Hash(secret)) && given is not null;

    /// <summary>Looks at all of them, so that the time does not tell which one it was.</summary>
    public static bool MatchesAny(string? given, IEnumerable<string> secrets)
    {
        var found = false;
        foreach (var secret in secrets)
        {
            found |= Matches(given, secret);
        }
        return found;
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
