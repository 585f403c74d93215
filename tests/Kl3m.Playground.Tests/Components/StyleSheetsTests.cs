using System.Net;
using System.Text.RegularExpressions;
using Kl3m.Playground.Components.Styles;
using Kl3m.Playground.Tests.Edge;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components;

public sealed partial class StyleSheetsTests
{
    [Theory]
    [InlineData(".mud-button{a:b}", ".mud-button{a:b}")]
    [InlineData(".mud-table{a:b}.mud-input{c:d}", ".mud-input{c:d}")]
    [InlineData(".mud-input,.mud-table .mud-input{a:b}", ".mud-input{a:b}")]
    [InlineData(".mud-tabular{a:b}", ".mud-tabular{a:b}")]
    [InlineData(".mud-dialog-width-md{a:b}", ".mud-dialog-width-md{a:b}")]
    [InlineData("@media (min-width:600px){.pa-md-4{a:b}.mud-menu{c:d}}", "@media (min-width:600px){.mud-menu{c:d}}")]
    [InlineData("@media print{.mud-drawer{a:b}}x{y:z}", "x{y:z}")]
    [InlineData("@keyframes mud-table{from{a:b}to{c:d}}", "@keyframes mud-table{from{a:b}to{c:d}}")]
    [InlineData(".a::after{content:\"}\"}.mud-fab{a:b}.c{d:e}", ".a::after{content:\"}\"}.c{d:e}")]
    [InlineData(".mud-x:not(.a,.mud-table){a:b}.deep-purple-text{c:d}.blue{e:f}.blueish{g:h}", ".blueish{g:h}")]
    public void Styles_of_parts_that_no_page_has_are_left_out(string css, string left) => Assert.Equal(left, UnusedStyles.Remove(css));

    [Fact]
    public void No_page_uses_a_part_whose_styles_are_left_out()
    {
        var used = Directory.EnumerateFiles(Path.Combine(SharedFolder.Repository, "src", "Kl3m.Playground"), "*.razor", SearchOption.AllDirectories)
            .SelectMany(file => Part().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)).Distinct().ToList();
        Assert.Contains("MudIconButton", used);
        Assert.DoesNotContain(used, UnusedStyles.Concern);
        Assert.True(UnusedStyles.Concern("MudDataGrid"));
    }

    [Fact]
    public async Task A_page_has_one_style_sheet_that_is_kept_for_ever_and_holds_them_all()
    {
        using var app = new EdgeApp(("environment", "Production"));
        var html = await (await app.GetPageAsync("/about")).Content.ReadAsStringAsync();
        var address = Assert.Single(Regex.Matches(html, "<link rel=\"stylesheet\" href=\"([^\"]+)\"")).Groups[1].Value;
        using var answer = await app.SendAsync(HttpMethod.Get, "/" + address, null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("immutable", answer.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
        var css = await answer.Content.ReadAsStringAsync();
        foreach (var part in (string[])["--kp-accent", ".kp-appbar", ".mud-button-root", ".kp-score-button", "url(fonts/inter-latin"])
        {
            Assert.Contains(part, css, StringComparison.Ordinal);
        }
        Assert.DoesNotContain(".mud-timeline", css, StringComparison.Ordinal);
        using var packed = await app.SendAsync(HttpMethod.Get, "/" + address, null, ("Accept-Encoding", "gzip, br"));
        Assert.Equal("br", Assert.Single(packed.Content.Headers.ContentEncoding));
        using var unpacked = new StreamReader(new System.IO.Compression.BrotliStream(await packed.Content.ReadAsStreamAsync(), System.IO.Compression.CompressionMode.Decompress));
        Assert.Equal(css, await unpacked.ReadToEndAsync());
        using var old = await app.SendAsync(HttpMethod.Get, "/styles.000000000000.css", null);
        Assert.Equal("no-cache", old.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Pages_are_compressed()
    {
        using var app = new EdgeApp();
        using var page = await app.GetPageAsync("/about", ("Accept-Encoding", "br"));
        Assert.Equal("br", Assert.Single(page.Content.Headers.ContentEncoding));
    }

    [GeneratedRegex("<(Mud[A-Za-z]+)")]
    private static partial Regex Part();
}
