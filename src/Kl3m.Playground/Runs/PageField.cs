using System.Globalization;

namespace Kl3m.Playground.Runs;

/// <summary>A field that only one page's links have: its name, its value as text (null where it is not needed), and the way back, which tells what is wrong or null.</summary>
internal sealed record PageField(string Page, string Name, Func<PageLink, string?> Get, PageField.Setter Set)
{
    /// <summary>So many tokens may stand behind a link's prompt: each is read when it is opened.</summary>
    public const int MostWritten = 4096;

    /// <summary>Puts a text into a link; returns what it must be where it is not that.</summary>
    internal delegate string? Setter(ref PageLink link, string text);

    private static readonly IReadOnlyList<PageField> All =
    [
        new("lab", "written", link => link.Written.Count == 0 ? null : string.Join(',', link.Written), SetWritten),
        new("lab", "sequence", link => link.Sequence == 0 ? null : Text(link.Sequence), (ref PageLink link, string text) =>
        {
            var isNumber = Read(text, 0, out var number);
            link = isNumber ? link with { Sequence = number } : link;
            return isNumber ? null : "must be a whole number from 0 up";
        }),
        new("score", "second", link => link.Second, (ref PageLink link, string text) =>
        {
            link = link with { Second = text };
            return null;
        }),
        new("score", "context", link => link.Context is { } tokens ? Text(tokens) : null, (ref PageLink link, string text) =>
        {
            var isNumber = Read(text, 2, out var number);
            link = isNumber ? link with { Context = number } : link;
            return isNumber ? null : "must be a whole number from 2 up";
        }),
        new("score", "stride", link => link.Stride is { } tokens ? Text(tokens) : null, (ref PageLink link, string text) =>
        {
            var isNumber = Read(text, 1, out var number);
            link = isNumber ? link with { Stride = number } : link;
            return isNumber ? null : "must be a whole number from 1 up";
        }),
        new("score", "behind_end", link => link.BehindEnd ? "true" : null, (ref PageLink link, string text) =>
        {
            link = link with { BehindEnd = text == "true" };
            return text is "true" or "false" or "" ? null : "must be true or false";
        }),
    ];

    public static IEnumerable<PageField> Of(string page) => All.Where(field => field.Page == page);

    private static string? SetWritten(ref PageLink link, string text)
    {
        var ids = new List<int>();
        foreach (var one in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (ids.Count == MostWritten || !Read(one, 0, out var id))
            {
                return string.Create(CultureInfo.InvariantCulture, $"must be token ids, such as 12,40, at most {MostWritten:N0} of them");
            }
            ids.Add(id);
        }
        link = link with { Written = ids };
        return null;
    }

    private static bool Read(string text, int least, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
