using System.Globalization;
using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared;

/// <summary>
/// What a token looks like: nothing that it holds stays unseen, and nothing in it can reorder or hide the page around it.
/// In running text a single space is a plain space; standing alone (a list, the inspector) it is drawn, since it tells tokens apart.
/// </summary>
internal static class Visible
{
    // Letters and symbols that are drawn as nothing: Hangul fillers, the blank Braille pattern.
    private static readonly int[] Blank = [0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x034F, 0x17B4, 0x17B5];

    /// <summary>A token within its text. Partial characters, special tokens and what a stop text swallowed have no text of their own.</summary>
    public static IReadOnlyList<VisiblePart> InText(string text, VocabularyEntry entry) =>
        text.Length > 0 ? Parts(text, standalone: false) : entry.IsSpecial ? Alone(entry) : [.. Alone(entry).Select(part => part with { Kind = VisibleKind.Hidden })];

    /// <summary>A token by itself.</summary>
    public static IReadOnlyList<VisiblePart> Alone(VocabularyEntry entry)
    {
        if (entry.IsSpecial)
        {
            return [new(VisibleKind.Special, Encoding.UTF8.GetString(entry.Bytes.Span))];
        }
        var parts = new List<VisiblePart>();
        var rest = entry.Bytes.Span;
        while (!rest.IsEmpty)
        {
            var valid = ValidLength(rest);
            if (valid > 0)
            {
                parts.AddRange(Parts(Encoding.UTF8.GetString(rest[..valid]), standalone: true));
                rest = rest[valid..];
            }
            var broken = BrokenLength(rest);
            if (broken > 0)
            {
                parts.Add(new(VisibleKind.Hidden, $"‹{Hex(rest[..broken])}›"));
                rest = rest[broken..];
            }
        }
        return parts;
    }

    /// <summary>The same as one line of text, for titles and plain lists.</summary>
    public static string Name(VocabularyEntry entry) => string.Concat(Alone(entry).Where(part => part.Kind != VisibleKind.Break).Select(part => part.Text));

    /// <summary>What somebody wrote, within a sentence of ours: one line that hides nothing and stays short.</summary>
    public static string Line(string text, int most = 60) => string.Concat(Parts(text.Length > most ? text[..most] + "…" : text, standalone: false).Select(part => part.Text));

    /// <summary>Bytes as "E2 80 94".</summary>
    public static string Hex(ReadOnlySpan<byte> bytes)
    {
        var hex = new StringBuilder(3 * bytes.Length);
        foreach (var value in bytes)
        {
            hex.Append(hex.Length == 0 ? "" : " ").Append(value.ToString("X2", CultureInfo.InvariantCulture));
        }
        return hex.ToString();
    }

    public static IReadOnlyList<VisiblePart> Parts(string text, bool standalone)
    {
        var parts = new List<VisiblePart>();
        var plain = new StringBuilder();
        void Flush()
        {
            if (plain.Length > 0)
            {
                parts.Add(new(VisibleKind.Plain, plain.ToString()));
                plain.Clear();
            }
        }
        for (var i = 0; i < text.Length;)
        {
            var end = i;
            while (end < text.Length && text[end] is ' ' or '\t' or '\n' or '\r')
            {
                end++;
            }
            if (end > i)
            {
                var edge = i == 0 || end == text.Length;
                if (end - i == 1 && text[i] == ' ' && !(standalone && edge))
                {
                    plain.Append(' ');
                }
                else
                {
                    Flush();
                    AddSpace(parts, text.AsSpan(i, end - i));
                }
                i = end;
                continue;
            }
            var found = Rune.TryGetRuneAt(text, i, out var rune);
            var length = found ? rune.Utf16SequenceLength : 1;
            if (found && IsSeen(rune, inside: i > 0 && i + length < text.Length))
            {
                // A mark that combines needs something to stand on when nothing comes before it.
                plain.Append(standalone && i == 0 && Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark ? "◌" : "").Append(text, i, length);
            }
            else
            {
                Flush();
                parts.Add(new(VisibleKind.Hidden, $"‹U+{(found ? rune.Value : text[i]).ToString("X4", CultureInfo.InvariantCulture)}›"));
            }
            i += length;
        }
        Flush();
        return parts;
    }

    private static void AddSpace(List<VisiblePart> parts, ReadOnlySpan<char> run)
    {
        var chip = new StringBuilder();
        var lines = 0;
        for (var i = 0; i < run.Length;)
        {
            var (sign, width) = Sign(run, i);
            var times = 0;
            while (i < run.Length && Sign(run, i) == (sign, width))
            {
                times++;
                i += width;
            }
            chip.Append(sign).Append(times == 1 ? "" : $"×{Numbers.Count(times)}");
            lines += sign == '⏎' ? times : 0;
        }
        parts.Add(new(VisibleKind.Space, chip.ToString()));
        if (lines > 0)
        {
            parts.Add(new(VisibleKind.Break, lines == 1 ? "⏎" : "⏎⏎"));
        }
    }

    private static (char Sign, int Width) Sign(ReadOnlySpan<char> run, int at) => run[at] switch
    {
        ' ' => ('␣', 1),
        '\t' => ('⇥', 1),
        '\n' => ('⏎', 1),
        _ => at + 1 < run.Length && run[at + 1] == '\n' ? ('⏎', 2) : ('␍', 1),
    };

    private static bool IsSeen(Rune rune, bool inside) => Rune.GetUnicodeCategory(rune) switch
    {
        // Joiners belong to the writing of emoji and of many scripts, but only between letters.
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D && inside,
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator
            or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned => false,
        _ => Array.IndexOf(Blank, rune.Value) < 0,
    };

    private static int ValidLength(ReadOnlySpan<byte> bytes)
    {
        var length = 0;
        while (length < bytes.Length && Rune.DecodeFromUtf8(bytes[length..], out _, out var read) == System.Buffers.OperationStatus.Done)
        {
            length += read;
        }
        return length;
    }

    private static int BrokenLength(ReadOnlySpan<byte> bytes)
    {
        var length = 0;
        while (length < bytes.Length && Rune.DecodeFromUtf8(bytes[length..], out _, out var read) != System.Buffers.OperationStatus.Done)
        {
            length += read;
        }
        return length;
    }
}
