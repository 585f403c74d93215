using System.Text;
using System.Text.RegularExpressions;

namespace Kl3m.Playground.Components.Styles;

/// <summary>MudBlazor's styles without those of parts that no page of ours has: a tenth of the file is used, and a phone reads all of it before it draws.</summary>
internal static partial class UnusedStyles
{
    /// <summary>The first word of a class behind "mud-", for parts that appear neither on our pages nor inside the parts that do.</summary>
    public static IReadOnlyList<string> Families { get; } =
    [
        "avatar", "badge", "breadcrumb", "breadcrumbs", "card", "carousel", "chart", "chat", "charts", "color", "data", "drawer", "drop", "dropzone", "fab", "file", "image", "masonry", "nav",
        "navgroup", "navmenu", "pagination", "picker", "progress", "radio", "range", "rating", "simple", "skeleton", "splitter", "stack", "step", "stepper", "swap", "swipe",
        "tab", "table", "tabs", "timeline", "timepicker", "toggle", "treeview", "virtualize",
    ];

    public static string Remove(string css)
    {
        var kept = new StringBuilder(css.Length / 2);
        Copy(css, kept);
        return kept.ToString();
    }

    /// <summary>Whether a part of this name ("MudDataGrid") has styles that are removed.</summary>
    public static bool Concern(string component) => Families.Contains(FirstWord().Match(component).Groups[1].Value.ToLowerInvariant());

    private static void Copy(ReadOnlySpan<char> css, StringBuilder kept)
    {
        while (css.IndexOf('{') is >= 0 and var open)
        {
            var end = End(css, open);
            var head = css[..open].ToString();
            var body = css[(open + 1)..end];
            if (head.TrimStart().StartsWith("@media", StringComparison.Ordinal) || head.TrimStart().StartsWith("@supports", StringComparison.Ordinal))
            {
                var inner = new StringBuilder();
                Copy(body, inner);
                if (inner.Length > 0)
                {
                    kept.Append(head).Append('{').Append(inner).Append('}');
                }
            }
            else if (head.Contains('@', StringComparison.Ordinal))
            {
                kept.Append(css[..(end + 1)]);
            }
            else if (Selector().Split(head).Where(selector => !Unused.IsMatch(selector)).ToArray() is { Length: > 0 } used)
            {
                kept.Append(string.Join(',', used)).Append('{').Append(body).Append('}');
            }
            css = css[(end + 1)..];
        }
        kept.Append(css);
    }

    /// <summary>The bracket that closes the one at <paramref name="open"/>; those in quotes do not count.</summary>
    private static int End(ReadOnlySpan<char> css, int open)
    {
        var (depth, quote) = (0, '\0');
        for (var i = open; i < css.Length; i++)
        {
            var c = css[i];
            quote = quote == '\0' ? c is '"' or '\'' ? c : '\0' : c == quote ? '\0' : quote;
            depth += quote != '\0' ? 0 : c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 0)
            {
                return i;
            }
        }
        throw new FormatException("A bracket of a style sheet is not closed.");
    }

    /// <summary>Commas between selectors; those inside :not(...) and :is(...) separate nothing.</summary>
    [GeneratedRegex(@",(?![^(]*\))")]
    private static partial Regex Selector();

    /// <summary>A class of an unused part, a spacing for one width of the window (pa-md-4), or a colour of the palette (deep-purple).</summary>
    private static readonly Regex Unused = new(
        @"\.mud-(?:" + string.Join('|', Families) + @")(?![a-z])|^\s*\.(?!mud-)[a-z]+(?:-[a-z]+)*-(?:xs|sm|md|lg|xl|xxl)(?:-|$|:)|^\s*\.(?:deep-|light-|blue-)?(?:red|pink|purple|indigo|blue|cyan|teal|green|lime|yellow|amber|orange|brown|gray|grey)(?:-text|-\d|\.|$|:)",
        RegexOptions.Compiled | RegexOptions.CultureInvariant);

    [GeneratedRegex("^Mud([A-Z][a-z]+)")]
    private static partial Regex FirstWord();
}
