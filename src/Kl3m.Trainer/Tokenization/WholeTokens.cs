using System.Globalization;

namespace Kl3m.Trainer.Tokenization;

/// <summary>
/// Whole tokens of KL3M's kind: white space, enumerations, citations, Markdown. Only texts that GPT-2's pattern would cut apart are
/// candidates, since merges make the others (years too) where they are worth it. Whole tokens match anywhere, so each but the white
/// space holds a mark that no word has inside.
/// </summary>
internal static class WholeTokens
{
    private static readonly string[] Roman =
        ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix", "xx"];

    /// <summary>Enumerations and citations come with and without the space before them: the space would be a token of its own.</summary>
    public static IReadOnlyList<string> Candidates { get; } =
    [
        .. Runs(' ', 16), .. Runs('\n', 4), .. Runs('\t', 4), "\r\n",
        .. WithSpace(Enumerations().Distinct().Select(name => $"({name})")),
        .. WithSpace(["§ ", "§§ ", "U.S.C.", "U.S.", "C.F.R.", "D.C.", "F.2d", "F.3d", "Pub. L.", "et seq.", "e.g.", "i.e.", "a.m.", "p.m."]),
        "# ", "## ", "### ", "#### ", "\n- ", "\n* ", "\n> ", "](", "| ", " |",
    ];

    /// <summary>
    /// The candidates that save more tokens on these texts than the merges whose place they take, in the order given. A candidate's
    /// saving is counted beside all the other candidates, with merges that were learnt without any.
    /// </summary>
    /// <param name="size">Of the whole vocabulary.</param>
    public static IReadOnlyList<string> Worthwhile(IReadOnlyList<string> candidates, IReadOnlyList<string> documents, int size)
    {
        var vocabulary = TokenizerTrainer.Train(documents, [], size);
        var cost = new TokenCost(vocabulary);
        var paragraphs = documents.SelectMany(Paragraphs).ToList();
        var all = TokenizerTrainer.Splitter(candidates);
        var kept = candidates
            .AsParallel().Select(candidate => (Token: candidate, Saving: Saving(candidate))).AsSequential()
            .OrderByDescending(one => one.Saving).ThenBy(one => one.Token, StringComparer.Ordinal)
            .TakeWhile((one, place) => place < vocabulary.Merges.Count && one.Saving > vocabulary.Merges[^(place + 1)].Count)
            .Select(one => one.Token).ToHashSet();
        return [.. candidates.Where(kept.Contains)];

        long Saving(string candidate)
        {
            var others = TokenizerTrainer.Splitter([.. candidates.Where(other => other != candidate)]);
            return paragraphs
                .Where(text => text.Contains(candidate, StringComparison.Ordinal))
                .Sum(text => (long)cost.Of(text, others) - cost.Of(text, all));
        }
    }

    /// <summary>A paragraph keeps the blank line behind it, which may be part of a whole token.</summary>
    private static IEnumerable<string> Paragraphs(string document)
    {
        for (var start = 0; start < document.Length;)
        {
            var blank = document.IndexOf("\n\n", start, StringComparison.Ordinal);
            var end = blank < 0 ? document.Length : blank + 2;
            yield return document[start..end];
            start = end;
        }
    }

    private static IEnumerable<string> Runs(char character, int longest) =>
        Enumerable.Range(2, longest - 1).Select(length => new string(character, length));

    private static IEnumerable<string> WithSpace(IEnumerable<string> texts) => texts.SelectMany(text => new[] { text, " " + text });

    private static IEnumerable<string> Enumerations() =>
    [
        .. Enumerable.Range('a', 26).Concat(Enumerable.Range('A', 26)).Select(letter => ((char)letter).ToString()),
        .. Enumerable.Range(1, 30).Select(number => number.ToString(CultureInfo.InvariantCulture)),
        .. Roman, .. Roman.Select(number => number.ToUpperInvariant()),
    ];
}
