using System.Text;
using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>Tokens for the ear: "Delaware, 22.7 percent, rank 2".</summary>
internal static class Spoken
{
    private static readonly Dictionary<string, string> Marks = new()
    {
        [","] = "comma", ["."] = "full stop", [";"] = "semicolon", [":"] = "colon", ["("] = "opening bracket", [")"] = "closing bracket",
        ["\""] = "quotation mark", ["'"] = "apostrophe", ["-"] = "hyphen", ["—"] = "dash", ["–"] = "dash", ["/"] = "slash", ["?"] = "question mark",
        ["!"] = "exclamation mark", ["["] = "opening square bracket", ["]"] = "closing square bracket", ["“"] = "opening quotation mark",
        ["”"] = "closing quotation mark", ["’"] = "apostrophe", ["*"] = "asterisk", ["_"] = "underscore", ["…"] = "dots",
    };

    public static string Label(string name, TokenScore score) =>
        $"{name}, {Numbers.SpokenShare(Numbers.Probability(score.RawLogprob))}{(score.Rank > 0 ? $", rank {Numbers.Count(score.Rank)}" : "")}";

    /// <summary>A token's name: its letters without the spaces around them, or in words what cannot be read aloud.</summary>
    public static string Name(string text, VocabularyEntry entry)
    {
        if (text.Length == 0)
        {
            return entry.IsSpecial ? $"special token {Encoding.UTF8.GetString(entry.Bytes.Span)}" : $"bytes {Visible.Hex(entry.Bytes.Span)}";
        }
        var words = Visible.Parts(text, standalone: true).Where(part => part.Kind != VisibleKind.Break).Select(part => part switch
        {
            { Kind: VisibleKind.Plain } => Marks.GetValueOrDefault(part.Text.Trim(), part.Text.Trim()),
            // The space before a word goes without saying.
            { Kind: VisibleKind.Space, Text: "␣" } when text.Length > 1 => "",
            { Kind: VisibleKind.Space } => Spaces(part.Text),
            _ => $"character {part.Text.Trim('‹', '›')}",
        });
        return string.Join(' ', words.Where(word => word.Length > 0));
    }

    private static string Spaces(string chip)
    {
        var words = new List<string>();
        for (var i = 0; i < chip.Length;)
        {
            var end = i + 1;
            while (end < chip.Length && (chip[end] is '×' or ',' || char.IsAsciiDigit(chip[end])))
            {
                end++;
            }
            var times = end == i + 1 ? "" : chip[(i + 2)..end] + " ";
            var one = chip[i] switch { '␣' => "space", '⇥' => "tab", '⏎' => "line break", _ => "carriage return" };
            words.Add(times + one + (times.Length > 0 ? "s" : ""));
            i = end;
        }
        return string.Join(' ', words);
    }
}
