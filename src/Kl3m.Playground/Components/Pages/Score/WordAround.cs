using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>The rest of the word that a token is part of.</summary>
internal static class WordAround
{
    private const int Most = 12;

    public static (string Before, string After) Find(ScoredText reading, int place)
    {
        var token = reading.Tokens[place];
        var (text, start, end) = (reading.Text, token.Start, token.Start + token.Text.Length);
        var from = start;
        while (from > 0 && start - from < Most && start < end && char.IsLetterOrDigit(text[start]) && char.IsLetterOrDigit(text[from - 1]))
        {
            from--;
        }
        var to = end;
        while (to < text.Length && to - end < Most && end > start && char.IsLetterOrDigit(text[end - 1]) && char.IsLetterOrDigit(text[to]))
        {
            to++;
        }
        return (Shown(text[from..start]), Shown(text[end..to]));
    }

    private static string Shown(string text) => string.Concat(Visible.Parts(text, standalone: false).Select(part => part.Text));
}
