using System.Globalization;
using System.Text;

namespace Kl3m.Playground.Classroom;

/// <summary>What a student is called in the room.</summary>
internal static class Nickname
{
    public const int Longest = 24;

    private static readonly string[] Adjectives =
        ["Amber", "Bold", "Bright", "Calm", "Clever", "Curious", "Eager", "Gentle", "Golden", "Happy", "Keen", "Kind", "Lively", "Merry", "Nimble", "Patient", "Quick", "Quiet", "Silver", "Sunny", "Swift", "Wise"];

    private static readonly string[] Animals =
        ["Badger", "Beaver", "Crane", "Deer", "Dolphin", "Falcon", "Finch", "Fox", "Hare", "Heron", "Ibex", "Kestrel", "Lark", "Lynx", "Marten", "Otter", "Owl", "Panda", "Raven", "Robin", "Seal", "Stork", "Swan", "Wren"];

    /// <summary>
    /// The name on one line: letters that cannot be seen, that reorder the text around them, or that pile up marks are left out.
    /// Null when nothing is left.
    /// </summary>
    public static string? Read(string? typed)
    {
        var name = new StringBuilder();
        var marks = 0;
        foreach (var rune in (typed ?? "").EnumerateRunes())
        {
            var category = Rune.GetUnicodeCategory(rune);
            if (Rune.IsWhiteSpace(rune))
            {
                name.Append(name.Length > 0 && name[^1] != ' ' ? " " : "");
                continue;
            }
            marks = category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? marks + 1 : 0;
            var seen = category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            if (seen && marks <= 2 && rune != Rune.ReplacementChar && name.Length + rune.Utf16SequenceLength <= Longest)
            {
                name.Append(rune.ToString());
            }
        }
        return name.ToString().Trim() is { Length: > 0 } read ? read : null;
    }

    /// <summary>One that nobody in the room has; the one asked for, where it is free.</summary>
    public static string Free(string? asked, IReadOnlyCollection<string> taken, Random random)
    {
        var name = Read(asked);
        for (var tries = 0; name is null || (asked is null && taken.Contains(name, StringComparer.OrdinalIgnoreCase) && tries < 100); tries++)
        {
            name = $"{Adjectives[random.Next(Adjectives.Length)]} {Animals[random.Next(Animals.Length)]}";
            asked = null;
        }
        var free = name;
        for (var number = 2; taken.Contains(free, StringComparer.OrdinalIgnoreCase); number++)
        {
            free = $"{name} {number}";
        }
        return free;
    }
}
