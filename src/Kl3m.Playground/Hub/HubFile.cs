using System.Text.RegularExpressions;

namespace Kl3m.Playground.Hub;

/// <summary>One file of a revision.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Hash">Lower-case hex: 64 digits are SHA-256 (large files), 40 are git's SHA-1 of a blob. Also the blob's name in the cache.</param>
internal sealed partial record HubFile(string Name, long Size, string Hash)
{
    /// <summary>Nobody's file list may lead out of its folder, on any platform.</summary>
    public static bool IsSafe(string name) =>
        name.Length is > 0 and <= 1000
        && !name.Contains('\\', StringComparison.Ordinal) && !name.Contains(':', StringComparison.Ordinal) && !name.Any(char.IsControl)
        && name.Split('/').All(part => part is not ("" or "." or ".."));

    public static bool IsHash(string? text) => text is not null && Hashes().IsMatch(text);

    [GeneratedRegex(@"^([0-9a-f]{40}|[0-9a-f]{64})\z")]
    private static partial Regex Hashes();
}
