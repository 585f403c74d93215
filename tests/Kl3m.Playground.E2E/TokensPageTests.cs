using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Splitting texts and searching the vocabulary in real Chromium, with the bundled model.</summary>
public sealed class TokensPageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    [Fact]
    public async Task By_keyboard_alone_a_text_is_split_and_its_tokens_are_walked_over()
    {
        var opened = await OpenAsync();
        var page = opened.Page;
        await page.GetByLabel("Text to split").FocusAsync();
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("Governing Law. 97 spaces:");
        await page.Keyboard.InsertTextAsync(new string(' ', 97) + "😀<|end|>");
        var chips = page.Locator(".kp-split-chip");
        // 25 characters, 97 spaces, one emoji, seven that are one special token.
        await Assertions.Expect(page.Locator(".kp-split-head dd").Nth(1)).ToHaveTextAsync("130");
        await Assertions.Expect(page.GetByRole(AriaRole.Option, new() { Name = "special token <|end|>, id 1", Exact = true })).ToBeVisibleAsync();
        await chips.First.FocusAsync();
        await page.Keyboard.PressAsync("End");
        await page.Keyboard.PressAsync("ArrowLeft");
        await page.Keyboard.PressAsync("Enter");
        var panel = page.Locator(".kp-read-token");
        await Assertions.Expect(panel).ToContainTextAsync("part of a character");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(panel).ToHaveCountAsync(0);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task The_vocabulary_is_searched_by_text_id_and_bytes_and_turned_by_pages()
    {
        var opened = await OpenAsync();
        var page = opened.Page;
        var found = page.Locator("#vocabulary-found");
        await Assertions.Expect(found).ToContainTextAsync("4,096 tokens");
        await page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-vocabulary tbody tr td").First).ToHaveTextAsync("50");
        await page.Locator("#vocabulary-query").FillAsync("shall");
        await Assertions.Expect(page.Locator(".kp-vocabulary tbody th").First).ToContainTextAsync("shall");
        await page.GetByLabel("Search by").SelectOptionAsync("Id");
        await Assertions.Expect(found).ToContainTextAsync("Ids are numbers");
        await page.Locator("#vocabulary-query").FillAsync("1");
        await Assertions.Expect(page.Locator(".kp-vocabulary tbody th")).ToHaveTextAsync(["<|end|>"]);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Hostile_texts_are_split_as_texts()
    {
        var opened = await OpenAsync();
        var page = opened.Page;
        foreach (var text in (string[])["<img src=x onerror=window.pwned=1></textarea><script>window.pwned=1</script>\u202Etxet", new string('[', 20_000), "half \uD83D a pair"])
        {
            await page.GetByLabel("Text to split").EvaluateAsync("(area, text) => { area.value = text; area.dispatchEvent(new Event('input')); }", text);
            await page.Locator("#vocabulary-query").FillAsync(text.Length > 1000 ? text[..1000] : "<script>window.pwned=1</script>");
        }
        await Assertions.Expect(page.GetByRole(AriaRole.Option, new() { Name = "half", Exact = false }).Or(page.Locator(".kp-split-chip", new() { HasTextString = "pair" })).First).ToBeVisibleAsync();
        Assert.True(await page.EvaluateAsync<bool>("() => window.pwned === undefined"), "A text was run.");
        Assert.Empty(opened.Complaints);
    }

    [Theory]
    [InlineData(1440, 900, ColorScheme.Dark)]
    [InlineData(1024, 768, ColorScheme.Light)]
    [InlineData(390, 844, ColorScheme.Light)]
    public async Task It_fits_every_screen(int width, int height, ColorScheme scheme)
    {
        var opened = await OpenAsync(width, height, scheme);
        await opened.Page.Locator(".kp-split-chip").Nth(4).ClickAsync();
        await opened.Page.Locator(".kp-split-facts").WaitForAsync();
        await AppFixture.PictureAsync(opened.Page, $"tokens-{width}-{scheme}");
        Assert.True(await opened.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth && document.querySelector('main').scrollWidth <= window.innerWidth"), "The page scrolls sideways.");
        Assert.Empty(opened.Complaints);
    }

    private async Task<WatchedPage> OpenAsync(int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var opened = await fixture.OpenAsync(width, height, scheme);
        await opened.Page.GotoAsync("/tokens");
        await opened.Page.InteractiveAsync();
        await opened.Page.Locator(".kp-split-chip").First.WaitForAsync();
        return opened;
    }
}
