namespace Kl3m.Playground.Components.Pages.About;

/// <summary>The YAML head of a model card as rows to show: top-level keys in order, lists joined, what is nested deeper as it is written.</summary>
internal static class FrontMatter
{
    public static IReadOnlyList<(string Key, string Value)> Read(string? card)
    {
        var lines = (card ?? "").ReplaceLineEndings("\n").Split('\n');
        if (lines[0].TrimEnd() != "---" || Array.FindIndex(lines, 1, line => line.TrimEnd() == "---") is not (> 0 and var end))
        {
            return [];
        }
        List<(string Key, List<string> Values)> rows = [];
        foreach (var line in lines[1..end])
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (line.Length > 0 && char.IsLetter(line[0]) && colon > 0)
            {
                rows.Add((line[..colon].Replace('_', ' '), [line[(colon + 1)..]]));
            }
            else if (rows.Count > 0)
            {
                rows[^1].Values.Add(line.TrimStart(' ', '-'));
            }
        }
        return [.. rows.Select(row => (row.Key, string.Join(", ", row.Values.Select(Bare).Where(value => value.Length > 0))))];
    }

    private static string Bare(string value) =>
        value.Trim() is ['\'' or '"', .., '\'' or '"'] quoted && quoted[0] == quoted[^1] ? quoted[1..^1] : value.Trim();
}
