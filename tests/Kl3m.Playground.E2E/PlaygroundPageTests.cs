using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>What a student does on the first page, in real Chromium against the real app with the bundled model.</summary>
public sealed class PlaygroundPageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    [Fact]
    public async Task Presets_that_do_not_fit_are_reached_with_the_mouse()
    {
        var page = (await fixture.OpenAsync()).Page;
        await page.SetViewportSizeAsync(1024, 800);
        var row = page.Locator(".kp-preset-row");
        await Assertions.Expect(row).ToHaveAttributeAsync("data-at", "start");
        var more = page.Locator(".kp-preset-more");
        await more.ClickAsync();
        await Assertions.Expect(row).Not.ToHaveAttributeAsync("data-at", "start");
        await page.SetViewportSizeAsync(2400, 900);
        await Assertions.Expect(row).ToHaveAttributeAsync("data-at", "all");
        await Assertions.Expect(more).ToBeHiddenAsync();
    }

    [Fact]
    public async Task In_presentation_on_a_phone_the_text_is_as_large_as_on_a_projector()
    {
        var page = (await fixture.OpenAsync()).Page;
        await page.SetViewportSizeAsync(390, 844);
        await page.Locator(".kp-generate").ClickAsync();
        await page.Locator(".kp-tokens:visible .kp-t").Nth(4).WaitForAsync();
        await page.EvaluateAsync("document.activeElement?.blur()");
        await page.Keyboard.PressAsync("p");
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-mode", "presentation");
        await Assertions.Expect(page.Locator(".kp-tokens:visible").First).ToHaveCSSAsync("font-size", "31px");
        await page.Locator(".kp-tokens:visible .kp-t").Nth(4).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-alternatives tbody .kp-token-cell").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".kp-alternatives tbody .kp-axis").First).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_student_types_slides_generates_opens_a_token_stops_and_reads_markdown()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.GetByLabel("Prompt", new() { Exact = true }).FillAsync("Governing Law. This Agreement ");
        await Assertions.Expect(page.Locator("#prompt-length")).ToContainTextAsync("prompt");

        var temperature = page.GetByRole(AriaRole.Group, new() { Name = "Temperature" });
        var before = await page.Locator("#knob-Temperature").InputValueAsync();
        var slider = temperature.Locator("input[type=range]");
        await slider.FocusAsync();
        for (var i = 0; i < 5; i++)
        {
            await slider.PressAsync("ArrowRight");
        }
        await Assertions.Expect(page.Locator("#knob-Temperature")).Not.ToHaveValueAsync(before);
        await page.SetAsync("MaxTokens", "900");
        await page.SetAsync("Sequences", "3");

        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        var tokens = page.Locator(".kp-tokens .kp-t");
        await tokens.Nth(5).WaitForAsync();
        await Assertions.Expect(page.Locator(".kp-card")).ToHaveCountAsync(3);
        var seenWhileRunning = await tokens.CountAsync();
        Assert.True(await page.Locator(".kp-generate", new() { HasTextString = "Stop" }).IsVisibleAsync(), "Tokens must be seen while it still runs.");
        await tokens.Nth(seenWhileRunning + 5).WaitForAsync();

        await tokens.First.ClickAsync();
        var inspector = page.GetByLabel("Token inspector");
        await Assertions.Expect(inspector).ToContainTextAsync("surprisal");
        await Assertions.Expect(inspector).ToContainTextAsync("The rest");
        await Assertions.Expect(inspector).ToContainTextAsync("The draw");
        await AppFixture.PictureAsync(page, "running-inspector");

        await page.Locator(".kp-generate", new() { HasTextString = "Stop" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Generate" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".kp-card", new() { HasText = "Stopped" }).First).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Markdown", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-card .kp-markdown").First).ToBeVisibleAsync();
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_text_again()
    {
        var page = (await fixture.OpenAsync()).Page;
        await page.GetByLabel("New seed each time").UncheckAsync();
        await page.SetAsync("MaxTokens", "24");
        var texts = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
            await Assertions.Expect(page.Locator(".kp-card").First).ToContainTextAsync("Done");
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Generate" })).ToBeVisibleAsync();
            // The card's words run ahead of its tokens, which follow on the next round trip.
            var tokens = page.Locator(".kp-tokens").First;
            await Assertions.Expect(tokens).ToHaveAttributeAsync("aria-busy", "false");
            texts.Add(await tokens.TextContentAsync() ?? "");
            await page.GetByLabel("Clear the continuations").ClickAsync();
        }
        Assert.NotEmpty(texts[0].Trim());
        Assert.Equal(texts[0], texts[1]);
    }

    [Fact]
    public async Task A_setting_that_does_not_fit_is_said_at_its_field_and_mended_by_one_click()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.GetByLabel("Prompt", new() { Exact = true }).FillAsync("The term ");
        await page.SetAsync("MaxTokens", "900000");
        var knob = page.GetByRole(AriaRole.Group, new() { Name = "Max tokens" });
        await Assertions.Expect(knob).ToContainTextAsync("more than the context");
        await knob.GetByText("the most that fits").ClickAsync();
        await Assertions.Expect(knob).Not.ToContainTextAsync("more than the context");
        await Assertions.Expect(page.GetByLabel("Prompt", new() { Exact = true })).ToHaveValueAsync("The term ");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Keys_alone_generate_walk_the_tokens_open_one_and_stop()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.SetAsync("MaxTokens", "900");
        await page.GetByLabel("Prompt", new() { Exact = true }).FocusAsync();
        await page.Keyboard.PressAsync("Control+Enter");
        await page.Locator(".kp-tokens .kp-t").Nth(5).WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator(".kp-card", new() { HasText = "Stopped" }).First).ToBeVisibleAsync();
        await page.Locator(".kp-tokens [tabindex='0']").First.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("entropy");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToHaveCountAsync(0);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Hostile_prompts_execute_nothing_and_leave_the_page_alive()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.SetAsync("MaxTokens", "8");
        string[] prompts =
        [
            "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>",
            "[a](javascript:window.hit=1) {onclick=window.hit=1}",
            "\u202Eright to left\u202C \u0007\u0000\u001b[2J",
            new string('[', 2000),
            "\uD83D\uDE00 é \u0301\u0301\u0301",
        ];
        foreach (var prompt in prompts)
        {
            await page.GetByLabel("Prompt", new() { Exact = true }).FillAsync(prompt);
            await page.SetAsync("MaxTokens", "8");
            await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
            await Assertions.Expect(page.Locator(".kp-card").First).ToContainTextAsync("Done");
            await page.GetByRole(AriaRole.Button, new() { Name = "Markdown", Exact = true }).ClickAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Tokens", Exact = true }).ClickAsync();
            Assert.False(await page.EvaluateAsync<bool>("() => 'hit' in window"));
        }
        Assert.Empty(opened.Complaints);
    }

    [Theory]
    [InlineData("wide-light", 1440, 900, ColorScheme.Light)]
    [InlineData("wide-dark", 1440, 900, ColorScheme.Dark)]
    [InlineData("phone-light", 390, 844, ColorScheme.Light)]
    [InlineData("phone-dark", 390, 844, ColorScheme.Dark)]
    public async Task Every_width_and_theme_generates_without_scrolling_sideways(string name, int width, int height, ColorScheme scheme)
    {
        var opened = await fixture.OpenAsync(width, height, scheme);
        var page = opened.Page;
        await page.GetByRole(AriaRole.Button, new() { Name = "Medical devices", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Generate" })).ToBeVisibleAsync();
        await AppFixture.PictureAsync(page, name);
        await page.Locator(".kp-tokens:visible .kp-t").Nth(3).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToBeVisibleAsync();
        await AppFixture.PictureAsync(page, name + "-inspector");
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"), "The page scrolls sideways.");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task About_shows_the_card_of_the_model_that_runs()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "About", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("Not legal advice");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("ALEA Institute");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("CC BY 4.0");
        await AppFixture.PictureAsync(page, "about");
        Assert.Empty(opened.Complaints);
    }
}
