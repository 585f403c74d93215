using System.Security.Cryptography;

namespace Kl3m.Playground.Classroom;

/// <summary>
/// What a class types to find its room: six signs that are not taken for one another (no I, L, O, 0 or 1), 30 bits. It is no secret of its
/// own, since it hangs on the wall: what a person may do in the room follows from a key.
/// </summary>
internal static class RoomCode
{
    public const int Length = 6;

    private const string Alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";

    public static string New() => RandomNumberGenerator.GetString(Alphabet, Length);

    /// <summary>As it was typed or scanned: lower case, spaces and hyphens are forgiven. Null if it can be no code.</summary>
    public static string? Read(string? typed)
    {
        if (typed is null || typed.Length > 4 * Length)
        {
            return null;
        }
        var code = string.Concat(typed.Where(sign => sign is not ('-' or ' ' or '\u00a0'))).ToUpperInvariant();
        return code.Length == Length && code.All(Alphabet.Contains) ? code : null;
    }

    /// <summary>In two halves, as it is read out: <c>K7M 4QX</c>.</summary>
    public static string Shown(string code) => code.Length == Length ? $"{code[..3]} {code[3..]}" : code;
}
