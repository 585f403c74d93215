using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Reading texts in real Chromium, with the bundled model.</summary>
public sealed class ScorePageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    private const string Hostile = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1> </textarea><svg onload=window.pwned=1> javascript:window.pwned=1 \u202Etxet\u202C \u0007 [[[[ {{7*7}} <|end|> end.";

    [Fact]
    public async Task By_keyboard_alone_a_text_is_written_read_and_its_surprises_opened()
    {
        var opened = await OpenAsync("/score");
        var page = opened.Page;
        await page.GetByLabel("Text to read").FocusAsync();
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("The Lessee shall pay the unicorn in moonlight.");
        await page.Keyboard.PressAsync("Control+Enter");
        var tokens = page.Locator(".kp-reading-text .kp-t");
        await tokens.First.WaitForAsync();
        await Assertions.Expect(page.Locator("[role=status]").Filter(new() { HasText = "perplexity" })).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".kp-reading-facts")).ToContainTextAsync("bits per byte");
        await Assertions.Expect(page.Locator(".kp-score-recipe")).ToContainTextAsync("the first has nothing before it");
        await Assertions.Expect(page.Locator(".kp-score-true")).ToContainTextAsync("not how true");
        Assert.Equal("The Lessee shall pay the unicorn in moonlight.", string.Concat(await tokens.AllTextContentsAsync()));

        await page.Locator(".kp-reading-text .kp-t[tabindex='0']").FocusAsync();
        await page.Keyboard.PressAsync("]");
        await page.Keyboard.PressAsync("Enter");
        var panel = page.Locator(".kp-read-token");
        await Assertions.Expect(panel).ToContainTextAsync("What was expected here");
        await Assertions.Expect(panel).ToContainTextAsync("The rest");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(panel).ToHaveCountAsync(0);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Charts_are_tables_and_pictures_too()
    {
        var opened = await OpenAsync("/score");
        var page = opened.Page;
        await ScoreAsync(page);
        var chart = page.Locator(".kp-chart-sequence");
        await Assertions.Expect(chart.GetByRole(AriaRole.Img)).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("^Surprisal of 156 tokens: mean .* highest .*”\\.$"));
        foreach (var (name, start) in (Dictionary<string, byte[]>)new() { ["SVG"] = "<svg"u8.ToArray(), ["PNG"] = [0x89, 0x50, 0x4E, 0x47] })
        {
            foreach (var one in await page.Locator($".kp-chart [data-export={name.ToLowerInvariant()}]").AllAsync())
            {
                var download = await page.RunAndWaitForDownloadAsync(() => one.ClickAsync());
                var bytes = await File.ReadAllBytesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
                Assert.Equal(start, bytes[..start.Length]);
                Assert.EndsWith("." + name.ToLowerInvariant(), download.SuggestedFilename, StringComparison.Ordinal);
                File.WriteAllBytes(Path.Combine(AppContext.BaseDirectory, "pictures", download.SuggestedFilename), bytes);
            }
        }
        await chart.GetByRole(AriaRole.Button, new() { Name = "As table" }).ClickAsync();
        await Assertions.Expect(chart.Locator("tbody tr th").First).ToBeVisibleAsync();
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Two_texts_stand_beside_each_other_with_their_numbers()
    {
        var opened = await OpenAsync("/score");
        var page = opened.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "Likely is not true" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Score", Exact = false }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-reading-text")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator(".kp-chart-sequence")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator(".kp-compared tbody tr").First).ToContainTextAsync(new System.Text.RegularExpressions.Regex(@"perplexity\s*\d+\.\d+\s*\d+\.\d+"));
        await AppFixture.PictureAsync(page, "score-two");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_file_of_texts_becomes_a_table_and_a_CSV()
    {
        var opened = await OpenAsync("/score");
        var page = opened.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "File of texts" }).ClickAsync();
        await page.Locator("input[type=file]").SetInputFilesAsync(new FilePayload
        {
            Name = "texts.jsonl",
            MimeType = "application/json",
            Buffer = System.Text.Encoding.UTF8.GetBytes("{\"text\": \"The Lessee shall pay the rent.\"}\n\"=1+1\"\n" + System.Text.Json.JsonSerializer.Serialize(Hostile)),
        });
        await page.GetByRole(AriaRole.Button, new() { Name = "Score the file" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-file-recipe")).ToContainTextAsync("3 of 3 read by kl3m-playground-7m");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "Download CSV" }).ClickAsync());
        Assert.Equal("texts-scored.csv", download.SuggestedFilename);
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.StartsWith("number,tokens,", lines[0].TrimStart('\ufeff'), StringComparison.Ordinal);
        Assert.EndsWith(",'=1+1", lines[2], StringComparison.Ordinal);
        await AppFixture.PictureAsync(page, "score-file");
        await UnharmedAsync(opened);
    }

    [Fact]
    public async Task Hostile_texts_are_read_as_texts_and_the_page_lives_on()
    {
        var opened = await OpenAsync("/score");
        var page = opened.Page;
        foreach (var text in (string[])[Hostile, new string('[', 3_000), "half \uD83D a pair", "\n\n\n", string.Concat(Enumerable.Repeat(Hostile, 20))])
        {
            if (await page.GetByRole(AriaRole.Button, new() { Name = "Edit the text" }).IsVisibleAsync())
            {
                await page.GetByRole(AriaRole.Button, new() { Name = "Edit the text" }).ClickAsync();
            }
            await page.GetByLabel("Text to read").EvaluateAsync("(area, text) => { area.value = text; area.dispatchEvent(new Event('input')); }", text);
            await page.Keyboard.PressAsync("Control+Enter");
            await Assertions.Expect(page.Locator(".kp-reading-text .kp-tokens[aria-busy=false], .kp-state-warning").First).ToBeVisibleAsync();
        }
        await UnharmedAsync(opened);
    }

    [Fact]
    public async Task One_key_leads_from_a_number_to_its_word_and_the_key_can_be_switched_off()
    {
        var opened = await OpenAsync("/score");
        var page = opened.Page;
        await ScoreAsync(page);
        await page.Locator(".kp-reading-facts .kp-term").First.FocusAsync();
        await page.Keyboard.PressAsync("?");
        await Assertions.Expect(page.Locator("#word-perplexity")).ToBeInViewportAsync();
        await Assertions.Expect(page.Locator("#word-perplexity")).ToBeFocusedAsync();
        await page.GetByLabel("Keys of a single letter").UncheckAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(0);
        await page.Locator(".kp-reading-facts .kp-term").First.FocusAsync();
        await page.Keyboard.PressAsync("?");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(1);
        Assert.Empty(opened.Complaints);
    }

    [Theory]
    [InlineData(1440, 900, ColorScheme.Light)]
    [InlineData(1440, 900, ColorScheme.Dark)]
    [InlineData(1024, 768, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Dark)]
    public async Task It_fits_every_screen(int width, int height, ColorScheme scheme)
    {
        var opened = await OpenAsync("/score", width, height, scheme);
        await ScoreAsync(opened.Page);
        await AppFixture.PictureAsync(opened.Page, $"score-{width}-{scheme}");
        Assert.True(await opened.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth && document.querySelector('main').scrollWidth <= window.innerWidth"), "The page scrolls sideways.");
        Assert.Empty(opened.Complaints);
    }

    private static async Task ScoreAsync(IPage page)
    {
        await page.Locator(".kp-main-button:enabled").ClickAsync();
        await page.Locator(".kp-reading-text .kp-tokens[aria-busy=false]").WaitForAsync();
        await page.Locator(".kp-surprising").WaitForAsync();
    }

    private static async Task UnharmedAsync(WatchedPage opened)
    {
        Assert.True(await opened.Page.EvaluateAsync<bool>("() => window.pwned === undefined"), "A text was run.");
        Assert.False(await opened.Page.Locator("#blazor-error-ui").IsVisibleAsync(), "The circuit died.");
        Assert.Empty(opened.Complaints);
    }

    private async Task<WatchedPage> OpenAsync(string address, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var opened = await fixture.OpenAsync(width, height, scheme);
        await opened.Page.GotoAsync(address);
        await opened.Page.InteractiveAsync();
        return opened;
    }
}
