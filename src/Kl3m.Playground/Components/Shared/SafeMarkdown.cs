using System.Net;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Kl3m.Playground.Components.Shared;

/// <summary>
/// Markdown that nobody vouches for (a model's text, a model's card) to HTML that cannot act: no HTML of its own, no attributes,
/// no pictures (they would tell a third server who reads), links to http and https only.
/// </summary>
internal static class SafeMarkdown
{
    /// <summary>Longer texts stay plain: parsing is not worth the reader's wait.</summary>
    public const int Longest = 200_000;

    // Chosen one by one: the bundle of all extensions lets a text set attributes such as onclick.
    private static readonly MarkdownPipeline Text = Pipeline().Build();
    private static readonly MarkdownPipeline Card = Pipeline().UseYamlFrontMatter().Build();

    /// <param name="frontMatter">Leave out a YAML head, as model cards have it.</param>
    public static string ToHtml(string markdown, bool frontMatter = false)
    {
        if (markdown.Length > Longest)
        {
            return Plain(markdown);
        }
        try
        {
            var pipeline = frontMatter ? Card : Text;
            var document = Markdown.Parse(markdown, pipeline);
            Disarm(document);
            UnescapePipes(document);
            // A table's head without words would be a heading that names nothing; a table wider than the page scrolls, also by keys.
            return document.ToHtml(pipeline).Replace("<th></th>", "<td></td>", StringComparison.Ordinal).Replace("<table>", "<table tabindex=\"0\">", StringComparison.Ordinal);
        }
        catch (ArgumentException)
        {
            // Markdig's answer to brackets or quotes nested too deep.
            return Plain(markdown);
        }
    }

    private static MarkdownPipelineBuilder Pipeline() =>
        new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseEmphasisExtras().UseAutoLinks();

    private static void Disarm(MarkdownDocument document)
    {
        // Innermost first, so that a picture in a link is gone before the link is looked at.
        foreach (var link in document.Descendants<LinkInline>().Reverse().ToList())
        {
            var url = link.GetDynamicUrl?.Invoke() ?? link.Url;
            if (link.IsImage || !IsWeb(url))
            {
                link.ReplaceBy(new ContainerInline(), copyChildren: true);
            }
            else
            {
                Outward(link);
            }
        }
        foreach (var link in document.Descendants<AutolinkInline>().ToList())
        {
            if (link.IsEmail || !IsWeb(link.Url))
            {
                link.ReplaceBy(new LiteralInline(link.Url));
            }
            else
            {
                Outward(link);
            }
        }
    }

    // A pipe in a cell is written with a backslash, in code too; the backslash belongs to the table.
    private static void UnescapePipes(MarkdownDocument document)
    {
        foreach (var code in document.Descendants<TableCell>().SelectMany(cell => cell.Descendants<CodeInline>()))
        {
            code.Content = code.Content.Replace(@"\|", "|", StringComparison.Ordinal);
        }
    }

    private static void Outward(Inline link)
    {
        var attributes = link.GetAttributes();
        attributes.AddPropertyIfNotExist("rel", "noopener noreferrer nofollow");
        attributes.AddPropertyIfNotExist("target", "_blank");
    }

    private static bool IsWeb(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";

    private static string Plain(string text) => $"<pre>{WebUtility.HtmlEncode(text)}</pre>";
}
