using Kl3m.Tests.Shared;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Comparing, and what is kept of a page and brought back to it, in real Chromium against the real app with the bundled model.</summary>
public sealed class ComparePageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    private const string Ladder = "/compare#prompt=Governing%20Law.%20&temperature=0.3&top_k=50&max_tokens=24&seed=3&columns=3&2.temperature=0.7&3.temperature=1.2";

    [Fact]
    public async Task A_ladder_runs_by_keys_alone_parts_at_a_marked_token_and_lays_its_distributions_side_by_side()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await GoAsync(page, Ladder);
        await Assertions.Expect(page.GetByLabel("Prompt", new() { Exact = true })).ToHaveValueAsync("Governing Law. ");
        await Assertions.Expect(page.Locator(".kp-card")).ToHaveCountAsync(0);
        await page.GetByLabel("Prompt", new() { Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("Control+Enter");
        await DoneAsync(page, 3);
        await Assertions.Expect(page.Locator(".kp-fork").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".kp-fork-row")).ToContainTextAsync("under one dart");
        await Assertions.Expect(page.Locator(".kp-fork-ruler")).ToHaveCountAsync(3);
        await AppFixture.PictureAsync(page, "compare");

        await page.Locator(".kp-fork").First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-fork-table")).ToContainTextAsync("final C");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".kp-fork-table")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Word diff" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-diff ins").First).ToBeVisibleAsync();
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Columns_alike_write_alike_and_one_that_is_changed_is_run_again_by_itself()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await GoAsync(page, "/compare#prompt=The%20term%20&temperature=0.9&max_tokens=24&seed=5&columns=2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run all" }).ClickAsync();
        await DoneAsync(page, 2);
        var texts = await page.Locator(".kp-tokens").AllTextContentsAsync();
        Assert.Equal(texts[0], texts[1]);
        await Assertions.Expect(page.Locator(".kp-compare-label").First).ToContainTextAsync("No column has parted: 24 tokens agree");

        await page.GetByRole(AriaRole.Button, new() { Name = "Settings of column B" }).ClickAsync();
        await page.Locator("#knob-Temperature").FillAsync("2");
        await page.Locator("#knob-Temperature").PressAsync("Tab");
        await Assertions.Expect(page.Locator(".kp-differs")).ToContainTextAsync("2.00");
        await Assertions.Expect(page.GetByText("Written with other settings")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Run column B" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-fork").First).ToBeVisibleAsync();
        Assert.Equal(texts[0], await page.Locator(".kp-tokens").First.TextContentAsync());
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_receipt_opens_in_a_fresh_browser_and_replays_and_a_tampered_one_is_refused_with_its_position()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.TakeDiceAsync();
        await page.SetAsync("MaxTokens", "12");
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await DoneAsync(page, 3);
        await page.GetByRole(AriaRole.Button, new() { Name = "Save what was written" }).ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByText("Receipt (JSON)").ClickAsync());
        var receipt = await File.ReadAllTextAsync((await download.PathAsync())!);
        var texts = await page.Locator(".kp-tokens").AllTextContentsAsync();

        var fresh = await fixture.OpenAsync();
        var other = fresh.Page;
        await OpenReceiptAsync(other, receipt);
        await DoneAsync(other, 3);
        Assert.Equal(texts, await other.Locator(".kp-tokens").AllTextContentsAsync());
        await other.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();
        await Assertions.Expect(other.Locator(".kp-kept-notices")).ToContainTextAsync("Replayed: all 36 tokens agree");

        var lines = receipt.Split('\n');
        var line = lines.Select((text, at) => (text, at)).Where(one => one.text.TrimStart().StartsWith("{\"id\":", StringComparison.Ordinal)).ElementAt(12 + 4).at;
        lines[line] = lines[line].Replace("\"rank\":", "\"rank\":1", StringComparison.Ordinal);
        await OpenReceiptAsync(other, string.Join('\n', lines));
        await Assertions.Expect(other.Locator(".kp-kept-notices")).ToContainTextAsync($"Line {line + 1}: runs[0].sequences[1].tokens[4]: token 5 of continuation 2 was changed");
        await Assertions.Expect(other.Locator(".kp-card")).ToHaveCountAsync(3);
        Assert.Empty(opened.Complaints);
        Assert.Empty(fresh.Complaints);
    }

    [Fact]
    public async Task A_link_is_copied_and_opens_ready_to_run()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.GetByLabel("Prompt", new() { Exact = true }).FillAsync("é & “law” # ");
        await page.Locator("#knob-Temperature").FillAsync("0.85");
        await page.Locator("#knob-Temperature").PressAsync("Tab");
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy link" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Link copied")).ToBeVisibleAsync();
        var link = await page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
        Assert.Contains("#prompt=", link, StringComparison.Ordinal);

        var fresh = await fixture.OpenAsync();
        await GoAsync(fresh.Page, link);
        await Assertions.Expect(fresh.Page.GetByLabel("Prompt", new() { Exact = true })).ToHaveValueAsync("é & “law” # ");
        await Assertions.Expect(fresh.Page.Locator("#knob-Temperature")).ToHaveValueAsync("0.85");
        await Assertions.Expect(fresh.Page.Locator(".kp-card")).ToHaveCountAsync(0);
        Assert.Empty(fresh.Complaints);
    }

    [Fact]
    public async Task Recent_runs_and_own_presets_survive_a_reload_and_can_be_forgotten()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.GetByLabel("Prompt", new() { Exact = true }).FillAsync("Whereas the parties ");
        await page.Locator("#knob-MaxTokens").FillAsync("8");
        await page.Locator("#knob-MaxTokens").PressAsync("Tab");
        await page.GetByText("Save", new() { Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-presets")).ToContainTextAsync("Whereas the parties");
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await DoneAsync(page, 3);
        var texts = await page.Locator(".kp-tokens").AllTextContentsAsync();
        await page.WaitForFunctionAsync("() => localStorage.getItem('kp.kept.recent')?.includes('Whereas')");

        await GoAsync(page, "/");
        await Assertions.Expect(page.Locator(".kp-presets")).ToContainTextAsync("Whereas the parties");
        await page.GetByRole(AriaRole.Button, new() { Name = "Recent runs" }).ClickAsync();
        await page.Locator(".kp-recent .mud-menu-item").First.ClickAsync();
        await DoneAsync(page, 3);
        Assert.Equal(texts, await page.Locator(".kp-tokens").AllTextContentsAsync());
        await Assertions.Expect(page.GetByLabel("Prompt", new() { Exact = true })).ToHaveValueAsync("Whereas the parties ");
        await page.GetByRole(AriaRole.Button, new() { Name = "Recent runs" }).ClickAsync();
        await page.Locator(".kp-recent .kp-keep").First.ClickAsync();
        await Assertions.Expect(page.GetByText("No runs yet.")).ToBeVisibleAsync();
        Assert.Equal(1, await page.EvaluateAsync<int>("() => Object.keys(localStorage).filter(key => key.startsWith('kp.kept.recent')).length"));
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Hostile_fragments_and_receipts_execute_nothing_and_leave_the_page_alive()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        var texts = HostileTexts.All(500).Where(text => text.Length < 2000).ToArray();
        foreach (var address in new[] { "/", "/compare" })
        {
            await GoAsync(page, address);
            // Each is a navigation within the page; the server reads every one.
            await page.EvaluateAsync("""
                async texts => {
                  for (const [i, text] of texts.entries()) {
                    location.hash = i % 2 ? `prompt=${encodeURIComponent(text.toWellFormed?.() ?? text)}&columns=3&2.stop=${encodeURIComponent(text.toWellFormed?.() ?? text)}` : `${text}=${text}&temperature=${text}`;
                    if (i % 20 === 0) await new Promise(done => setTimeout(done, 20));
                  }
                }
                """, texts);
            await page.EvaluateAsync("() => { location.hash = 'prompt=The%20term%20&max_tokens=4&temperature=1&seed=1'; }");
            await Assertions.Expect(page.GetByLabel("Prompt", new() { Exact = true })).ToHaveValueAsync("The term ");
            foreach (var text in texts.Take(40))
            {
                await OpenReceiptAsync(page, text.Length == 0 ? "{}" : text);
            }
            await Assertions.Expect(page.Locator(".kp-kept-notices")).ToContainTextAsync("The receipt was refused");
            await page.Locator(".kp-generate").ClickAsync();
            await Assertions.Expect(page.Locator(".kp-tone-done").First).ToBeVisibleAsync();
            Assert.False(await page.EvaluateAsync<bool>("() => 'hit' in window"));
        }
        Assert.Empty(opened.Complaints);
    }

    [Theory]
    [InlineData("compare-dark", 1440, 900, ColorScheme.Dark)]
    [InlineData("compare-narrow", 1024, 768, ColorScheme.Light)]
    [InlineData("compare-phone", 390, 844, ColorScheme.Light)]
    [InlineData("compare-phone-dark", 390, 844, ColorScheme.Dark)]
    public async Task Every_width_and_theme_compares_without_scrolling_the_page_sideways(string name, int width, int height, ColorScheme scheme)
    {
        var opened = await fixture.OpenAsync(width, height, scheme);
        var page = opened.Page;
        await GoAsync(page, Ladder);
        await page.GetByRole(AriaRole.Button, new() { Name = "Run all" }).ClickAsync();
        await DoneAsync(page, 3);
        await AppFixture.PictureAsync(page, name);
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"), "The page scrolls sideways.");
        Assert.True(await page.EvaluateAsync<bool>("() => { window.scrollTo(0, 9999); return window.scrollY === 0; }"), "Below the page there is nothing to scroll to.");
        if (width < 600)
        {
            await page.Locator(".kp-compare-segments button").Nth(2).ClickAsync();
            await Assertions.Expect(page.Locator(".kp-compare-cell:visible")).ToHaveCountAsync(1);
            await Assertions.Expect(page.Locator(".kp-compare-cell:visible")).ToContainTextAsync("temperature 1.20");
        }
        Assert.Empty(opened.Complaints);
    }

    private static async Task GoAsync(IPage page, string address)
    {
        // Another fragment alone would be no new page.
        await page.GotoAsync("about:blank");
        await page.GotoAsync(address);
        await page.InteractiveAsync();
        await Assertions.Expect(page.Locator(".kp-generate")).ToBeEnabledAsync();
    }

    /// <summary>Every text is whole and drawn: the cards' words run ahead of their tokens.</summary>
    private static async Task DoneAsync(IPage page, int texts)
    {
        await Assertions.Expect(page.Locator(".kp-tone-done")).ToHaveCountAsync(texts);
        await Assertions.Expect(page.Locator(".kp-tokens[aria-busy='false']")).ToHaveCountAsync(texts);
    }

    private static Task OpenReceiptAsync(IPage page, string text) =>
        page.GetByLabel("Open a receipt").SetInputFilesAsync(new FilePayload { Name = "receipt.json", MimeType = "application/json", Buffer = System.Text.Encoding.UTF8.GetBytes(text) });
}
