using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Branches, steps and undo in real Chromium.</summary>
public sealed class BranchPageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    [Fact]
    public async Task A_digit_branches_the_old_text_stays_in_the_tree_and_undo_brings_it_back()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.WriteAsync(temperature: "1.2");
        var first = page.Locator(".kp-tokens").First;
        var text = await first.TextContentAsync();
        await first.Locator(".kp-t").Nth(4).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("Branch from here");
        // The alternative that is not there already.
        var other = await page.Locator(".kp-alternatives tbody tr:has(.kp-take) .kp-rank").First.TextContentAsync();
        await page.Keyboard.PressAsync(other!.Trim());
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("You put this token here");
        await Assertions.Expect(page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await Assertions.Expect(first).ToHaveAttributeAsync("aria-busy", "false");
        await Assertions.Expect(first).Not.ToHaveTextAsync(text!);

        await page.GetByRole(AriaRole.Button, new() { Name = "Tree", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-leaf-letter")).ToHaveCountAsync(4);
        await page.Locator(".kp-leaf-letter").Nth(0).ClickAsync();
        await page.Locator(".kp-leaf-letter").Nth(1).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-pair .kp-pair-side")).ToHaveCountAsync(2);
        await AppFixture.PictureAsync(page, "branch-tree");

        await page.GetByRole(AriaRole.Button, new() { Name = "Tokens", Exact = true }).ClickAsync();
        await page.Keyboard.PressAsync("Control+z");
        await Assertions.Expect(page.Locator(".kp-tokens").First).ToHaveTextAsync(text!);
        await page.Keyboard.PressAsync("Control+Shift+z");
        await Assertions.Expect(page.Locator(".kp-tokens").First).Not.ToHaveTextAsync(text!);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Own_words_branch_and_typing_in_the_prompt_is_undone()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        var prompt = page.GetByLabel("Prompt", new() { Exact = true });
        await prompt.FillAsync("The lessee shall ");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Undo" })).ToBeEnabledAsync();
        await prompt.FocusAsync();
        await page.Keyboard.PressAsync("Control+z");
        await Assertions.Expect(prompt).ToHaveValueAsync("Under this");
        await page.Keyboard.PressAsync("Control+Shift+z");
        await Assertions.Expect(prompt).ToHaveValueAsync("The lessee shall ");

        await page.WriteAsync();
        await page.Locator(".kp-tokens").First.Locator(".kp-t").Nth(2).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("Branch from here");
        await page.Keyboard.PressAsync("b");
        await page.GetByLabel("In its place, your own words").FillAsync(" <b>Delaware</b> courts");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-tokens").First).ToContainTextAsync("<b>Delaware</b> courts");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Stepping_by_space_shows_token_after_token_and_plays_on_to_the_end()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        var first = await StepAsync(page);
        await page.Locator(".kp-run-head h2").ClickAsync();
        await page.Keyboard.PressAsync("Space");
        await Assertions.Expect(first).ToHaveCountAsync(2);
        await page.Keyboard.PressAsync("Space");
        await Assertions.Expect(first).ToHaveCountAsync(3);
        await Assertions.Expect(page.Locator(".kp-pace-words")).ToContainTextAsync("Paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Play", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await AppFixture.PictureAsync(page, "stepping");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_slider_that_moves_between_two_steps_holds_for_the_next_token_and_the_page_says_so()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        var first = await StepAsync(page);
        await page.SetAsync("Temperature", "0");
        await page.Locator(".kp-run-head h2").ClickAsync();
        await page.Keyboard.PressAsync("Space");
        await Assertions.Expect(first).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator(".kp-run-changes")).ToHaveTextAsync("Settings changed on the way: from token 2 on temperature 0.00.");
        await first.Nth(1).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("Temperature 0 is greedy");
        await page.GetByRole(AriaRole.Button, new() { Name = "Play", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-card").Filter(new() { HasText = "Done" })).ToHaveCountAsync(3);
        Assert.Empty(opened.Complaints);
    }

    /// <summary>Begins to step, and waits for the first token.</summary>
    /// <returns>The first continuation's tokens.</returns>
    private static async Task<ILocator> StepAsync(IPage page)
    {
        await page.SetAsync("MaxTokens", "24");
        await page.GetByRole(AriaRole.Button, new() { Name = "Step", Exact = true }).ClickAsync();
        var first = page.Locator(".kp-tokens").First.Locator(".kp-t");
        await Assertions.Expect(first).ToHaveCountAsync(1);
        return first;
    }
}
