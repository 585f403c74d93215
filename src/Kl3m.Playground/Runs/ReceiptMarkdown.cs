using System.Globalization;
using System.Text;

namespace Kl3m.Playground.Runs;

/// <summary>A receipt for people: what was asked, what came, and how surprising it was. The texts stand in fences that they cannot leave.</summary>
internal static class ReceiptMarkdown
{
    public static string Write(Receipt receipt)
    {
        var page = new StringBuilder("# Receipt\n");
        page.Append(CultureInfo.InvariantCulture, $"\nWritten by {Inline(receipt.Engine)}, saved {receipt.Created:yyyy-MM-dd HH:mm} UTC. Likely is not true: what a base model writes may be invented.\n");
        for (var index = 0; index < receipt.Runs.Count; index++)
        {
            var run = receipt.Runs[index];
            page.Append(CultureInfo.InvariantCulture, $"\n## {(receipt.Runs.Count == 1 ? "Run" : $"Run {index + 1}")}\n\n| | |\n|---|---|\n");
            Row(page, "model", $"{Inline(run.Model.Id)}, {Inline(run.Model.Dtype)} on {Inline(run.Model.Device)}");
            foreach (var (name, hash) in run.Model.Files)
            {
                Row(page, Inline(name), $"sha256 {Inline(hash)}");
            }
            Row(page, "seed", run.Seed.ToString(CultureInfo.InvariantCulture));
            foreach (var one in LinkField.All.Where(one => one.Name is not ("seed" or "model")))
            {
                foreach (var value in one.Get(new(run.Sampling)))
                {
                    Row(page, one.Name, Inline(value));
                }
            }
            page.Append(CultureInfo.InvariantCulture, $"\nPrompt, {run.PromptTokenIds.Count} tokens:\n\n{Fence(run.Prompt)}\n");
            for (var sequence = 0; sequence < run.Sequences.Count; sequence++)
            {
                var written = run.Sequences[sequence];
                var nats = written.Tokens.Sum(token => -(double)token.RawLogprob);
                var perplexity = written.Tokens.Count == 0 || double.IsNaN(nats) ? "" : string.Create(CultureInfo.InvariantCulture, $", perplexity {Math.Exp(nats / written.Tokens.Count):0.00}");
                var end = written switch { { StopText: not null } => "stop text", { FinishReason: { } reason } => reason.ToString().ToLowerInvariant(), _ => "not finished" };
                page.Append(CultureInfo.InvariantCulture, $"\nContinuation {sequence + 1}, {written.Tokens.Count} tokens{perplexity} ({end}):\n\n{Fence(string.Concat(written.Tokens.Select(token => token.Text)))}\n");
            }
        }
        return page.ToString();
    }

    private static void Row(StringBuilder page, string name, string value) => page.Append(CultureInfo.InvariantCulture, $"| {name} | {value} |\n");

    private static string Fence(string text)
    {
        var fence = new string('`', Math.Max(3, Longest(text) + 1));
        return $"{fence}text\n{Seen(text, keepLines: true)}\n{fence}";
    }

    // A code span that no table cell and no backtick ends.
    private static string Inline(string text)
    {
        var tick = new string('`', Longest(text) + 1);
        return text.Length == 0 ? "" : $"{tick} {Seen(text, keepLines: false).Replace("|", "\\|", StringComparison.Ordinal)} {tick}";
    }

    private static int Longest(string text)
    {
        var (longest, now) = (0, 0);
        foreach (var letter in text)
        {
            now = letter == '`' ? now + 1 : 0;
            longest = Math.Max(longest, now);
        }
        return longest;
    }

    /// <summary>What would be drawn as nothing, or turn the text around it, is named in its place.</summary>
    private static string Seen(string text, bool keepLines)
    {
        var seen = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var kept = rune.Value switch { '\n' or '\t' => keepLines, '\r' => false, _ => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) };
            seen.Append(kept ? rune.ToString() : $"‹U+{rune.Value:X4}›");
        }
        return seen.ToString();
    }
}
