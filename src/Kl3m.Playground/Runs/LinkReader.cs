using System.Globalization;
using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>Reads the fields of one link's fragment.</summary>
internal sealed class LinkReader
{
    private const int MostProblems = 8;

    private readonly List<Problem> problems = [];
    private readonly HashSet<string> seen = [];
    private readonly List<(int Column, LinkField Field, string Name, string Text)> settings = [];
    private readonly List<(PageField Field, string Text)> own = [];
    private string prompt = "";
    private int columns = 1;

    public (PageLink?, IReadOnlyList<Problem>) Read(string page, string fragment)
    {
        foreach (var pair in fragment.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            ReadPair(page, Unescape(at < 0 ? pair : pair[..at]), at < 0 ? "" : Unescape(pair[(at + 1)..]));
        }
        var read = new List<LinkColumn>();
        for (var column = 0; column < columns; column++)
        {
            read.Add(ReadColumn(column, column == 0 ? new(new()) : read[0]));
        }
        var link = new PageLink(page, prompt, read);
        foreach (var (field, text) in own)
        {
            if (field.Set(ref link, text) is { } must)
            {
                problems.Add(new(field.Name, $"{must}, not “{Shown(text)}”."));
            }
        }
        return (link, problems.Count > MostProblems ? [.. problems.Take(MostProblems), new("link", $"has {problems.Count - MostProblems} mistakes more.")] : problems);
    }

    private void ReadPair(string page, string name, string text)
    {
        var (column, plain) = name.Length > 2 && name[1] == '.' && name[0] is >= '2' and <= '9' ? (name[0] - '1', name[2..]) : (0, name);
        var field = LinkField.All.FirstOrDefault(field => field.Name == plain);
        var pageField = PageField.Of(page).FirstOrDefault(field => field.Name == name);
        if (field is null && pageField is null && name is not ("prompt" or "columns"))
        {
            problems.Add(new(Shown(name), "is not known here; “Copy link” shows what is."));
        }
        else if (!seen.Add(name) && plain != "stop")
        {
            problems.Add(new(name, "stands twice; the first is taken."));
        }
        else if (field is not null)
        {
            settings.Add((column, field, name, text));
        }
        else if (pageField is not null)
        {
            own.Add((pageField, text));
        }
        else if (name == "prompt")
        {
            prompt = text;
        }
        else if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= PageLink.MaxColumns)
        {
            columns = count;
        }
        else
        {
            problems.Add(new(name, $"must be 1 to {PageLink.MaxColumns}, not “{Shown(text)}”."));
        }
    }

    private LinkColumn ReadColumn(int index, LinkColumn column)
    {
        var stops = false;
        foreach (var (_, field, name, text) in settings.Where(setting => setting.Column == index))
        {
            if (field.Name == "stop" && !stops)
            {
                stops = true;
                column = column with { Sampling = column.Sampling with { Stop = [] } };
            }
            if (field.Set(ref column, text) is { } must)
            {
                problems.Add(new(name, $"{must}, not “{Shown(text)}”."));
            }
        }
        return column;
    }

    // Half a pair of surrogates cannot be sent on, and a null character not be shown.
    private static string Unescape(string text) => string.Concat(Uri.UnescapeDataString(text).EnumerateRunes().Select(rune => rune.Value == 0 ? "\uFFFD" : rune.ToString()));

    private static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= 40)
            {
                return shown.Append('…').ToString();
            }
            var unseen = Rune.IsControl(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            shown.Append(unseen ? "\uFFFD" : rune.ToString());
        }
        return shown.ToString();
    }
}
