using AngleSharp.Html.Parser;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class SafeMarkdownTests
{
    private static readonly string[] Tags =
        ["a", "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "em", "strong", "del", "sub", "sup", "ins", "mark", "code", "pre", "blockquote", "table", "thead", "tbody", "tr", "th", "td", "hr", "br"];

    private static readonly string[] Attributes = ["href", "rel", "target", "title", "class", "tabindex", "style", "start", "type"];

    public static TheoryData<string> Hostile =>
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=alert(1)>b</b>",
        "<svg/onload=alert(1)>",
        "<!-- --><iframe src=//evil>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a]( javascript:alert(1))",
        "[a](java&#115;cript:alert(1))",
        "[a](java\tscript:alert(1))",
        "[a](vbscript:msgbox(1))",
        "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
        "[a](file:///etc/passwd)",
        "[a](//evil.example/x)",
        "[a](/admin)",
        "[a](mailto:a@b.c)",
        "[a][r]\n\n[r]: javascript:alert(1)",
        "<javascript:alert(1)>",
        "<data:text/html,x>",
        "<a@b.example>",
        "![x](https://evil.example/pixel.png)",
        "![x](javascript:alert(1))",
        "[![x](https://evil.example/p.png)](https://evil.example)",
        "![a [b](javascript:alert(1)) c](https://evil.example/p.png)",
        "para {onclick=alert(1)}",
        "# head {onmouseover=alert(1) #id}",
        "[a](https://x.example){onclick=alert(1)}",
        "```html onload=alert(1)\n<script>alert(1)</script>\n```",
        "```\"><script>alert(1)</script>\ncode\n```",
        "[a](https://x.example \"\\\" onclick=alert(1) x=\\\"\")",
        "[a](https://x.example/\"onmouseover=alert(1))",
        "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
        "| a | b |\n|---|---|\n| <script>alert(1)</script> | [x](javascript:alert(1)) |",
        "https://x.example/<script>alert(1)</script>",
        "www.x.example\"onclick=alert(1)",
        "- [ ] task\n- [x] done",
        "\0\u202E<script>",
        "---\na: <script>alert(1)</script>\n---\ntext",
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void What_a_model_writes_cannot_act(string markdown)
    {
        foreach (var frontMatter in new[] { false, true })
        {
            var body = new HtmlParser().ParseDocument(SafeMarkdown.ToHtml(markdown, frontMatter)).Body!;
            foreach (var element in body.QuerySelectorAll("*"))
            {
                Assert.Contains(element.LocalName, Tags);
                Assert.All(element.Attributes, attribute => Assert.Contains(attribute.Name, Attributes));
                Assert.DoesNotContain("style", element.Attributes.Where(_ => element.LocalName is not ("th" or "td")).Select(attribute => attribute.Name));
            }
            Assert.All(body.QuerySelectorAll("a"), link =>
            {
                Assert.Matches("^https?://", link.GetAttribute("href"));
                Assert.Equal("noopener noreferrer nofollow", link.GetAttribute("rel"));
                Assert.Equal("_blank", link.GetAttribute("target"));
            });
        }
    }

    [Theory]
    [InlineData("[the site](https://example.org/a?b=1)", "https://example.org/a?b=1", "the site")]
    [InlineData("<https://example.org>", "https://example.org", "https://example.org")]
    [InlineData("see https://example.org/x", "https://example.org/x", "https://example.org/x")]
    public void Links_to_the_web_stay_links(string markdown, string href, string text)
    {
        var link = new HtmlParser().ParseDocument(SafeMarkdown.ToHtml(markdown)).QuerySelector("a")!;
        Assert.Equal((href, text), (link.GetAttribute("href"), link.TextContent));
        Assert.Equal("noopener noreferrer nofollow", link.GetAttribute("rel"));
    }

    [Fact]
    public void A_pipe_in_the_code_of_a_cell_needs_a_backslash_and_shows_none()
    {
        var html = SafeMarkdown.ToHtml("|a|b|\n|-|-|\n|`<\\|end\\|>`|c|\n\n`x\\|y`");
        Assert.Contains("<code>&lt;|end|&gt;</code>", html, StringComparison.Ordinal);
        Assert.Contains("<code>x\\|y</code>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_a_link_keeps_its_words()
    {
        Assert.Equal("<p>see the <em>file</em> and the picture</p>", SafeMarkdown.ToHtml("see [the *file*](LICENSE) and ![the picture](x.png)").Trim());
        Assert.DoesNotContain("<a", SafeMarkdown.ToHtml("[![badge](https://x.example/b.svg)](relative)"));
    }

    [Fact]
    public void A_card_has_headings_tables_and_code_but_not_its_yaml_head()
    {
        var html = SafeMarkdown.ToHtml("---\nlicense: cc-by-4.0\n---\n# Model\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nx = 1\n```", frontMatter: true);
        var body = new HtmlParser().ParseDocument(html).Body!;
        Assert.Equal("Model", body.QuerySelector("h1")!.TextContent);
        Assert.Equal(4, body.QuerySelectorAll("th, td").Length);
        Assert.Equal("x = 1\n", body.QuerySelector("pre code")!.TextContent);
        Assert.DoesNotContain("cc-by", html, StringComparison.Ordinal);
        Assert.Contains("cc-by", SafeMarkdown.ToHtml("---\nlicense: cc-by-4.0\n---\ntext"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", 20_000)]
    [InlineData("> ", 5_000)]
    [InlineData("- ", 5_000)]
    [InlineData("*a ", 5_000)]
    [InlineData("![", 5_000)]
    [InlineData("<", 20_000)]
    [InlineData("| a ", 5_000)]
    [InlineData("`", 20_000)]
    public void Nesting_without_end_becomes_text_and_breaks_nothing(string piece, int times)
    {
        var text = string.Concat(Enumerable.Repeat(piece, times));
        var html = SafeMarkdown.ToHtml(text);
        Assert.NotEmpty(html);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Text_that_is_too_long_or_too_deep_is_shown_as_it_is()
    {
        Assert.Equal($"<pre>{string.Concat(Enumerable.Repeat("&gt; ", 5_000))}</pre>", SafeMarkdown.ToHtml(string.Concat(Enumerable.Repeat("> ", 5_000))));
        Assert.StartsWith("<pre>&lt;b&gt;", SafeMarkdown.ToHtml("<b>" + new string('x', SafeMarkdown.Longest)));
    }
}
