using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Each page from its top by Tab, letters and Enter, as somebody without a mouse meets it; nothing is focused by the test.</summary>
public sealed class KeyboardTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    private const int MostTabs = 120;

    [Fact]
    public async Task Playground()
    {
        var page = await OpenAsync("/");
        await TabToAsync(page, "#prompt");
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("The term ");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".kp-card").Filter(new() { HasText = "Done" })).ToHaveCountAsync(3);
        await Assertions.Expect(page.Locator(".kp-tokens").First).ToHaveAttributeAsync("aria-busy", "false");
        await TabToAsync(page, ".kp-tokens .kp-t");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("entropy");
        await TabToAsync(page, ".kp-action-main");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#branch-text")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync(" shall mean");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-tokens").First).ToContainTextAsync("shall mean");
    }

    [Fact]
    public async Task Lab()
    {
        var page = await OpenAsync("/lab");
        await TabToAsync(page, "#lab-prompt");
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("The term ");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-strip")).ToBeVisibleAsync();
        await TabToAsync(page, "input[type=range][data-stage=TopK]");
        await page.Keyboard.PressAsync("Home");
        await Assertions.Expect(page.Locator(".kp-strip-foot[data-stage=TopK] b")).ToHaveTextAsync("1");
        await TabToAsync(page, ".kp-draw-button");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-tick").First).ToBeAttachedAsync();
        await TabToAsync(page, ".kp-trace[aria-pressed=false]");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-trace:focus")).ToHaveAttributeAsync("aria-pressed", "true");
    }

    [Fact]
    public async Task Compare()
    {
        var page = await OpenAsync("/compare#prompt=The%20term%20&temperature=0.3&max_tokens=16&seed=3&columns=2&2.temperature=1.8");
        await TabToAsync(page, ".kp-compare-bar textarea, .kp-compare-bar input, textarea");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".kp-fork").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".kp-tokens[aria-busy=true]")).ToHaveCountAsync(0);
        await TabToAsync(page, "button[aria-label='Settings of column B']");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#knob-Temperature")).ToBeVisibleAsync();
        await TabToAsync(page, "#knob-Temperature");
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("0.3");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".kp-compare-label").First).ToContainTextAsync("No column has parted");
    }

    [Fact]
    public async Task Score()
    {
        var page = await OpenAsync("/score");
        await TabToAsync(page, "textarea");
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("The Lessee shall pay the rent.");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".kp-reading-text .kp-tokens[aria-busy=false]")).ToBeVisibleAsync();
        await TabToAsync(page, ".kp-reading-text .kp-t");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-read-token")).ToContainTextAsync("What was expected here");
    }

    [Fact]
    public async Task Tokens()
    {
        var page = await OpenAsync("/tokens");
        await TabToAsync(page, "textarea");
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("Lessee");
        await Assertions.Expect(page.Locator(".kp-split-head dd").Nth(1)).ToHaveTextAsync("6");
        await TabToAsync(page, ".kp-split-chip");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-read-token")).ToBeVisibleAsync();
        await TabToAsync(page, "#vocabulary-query");
        await page.Keyboard.TypeAsync("shall");
        await Assertions.Expect(page.Locator(".kp-vocabulary tbody th").First).ToContainTextAsync("shall");
    }

    [Fact]
    public async Task Classroom()
    {
        var page = await OpenAsync("/classroom");
        await TabToAsync(page, ".kp-big");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-rail-code")).ToBeVisibleAsync();
        await TabToAsync(page, ".kp-room-tabs > button:nth-child(2)");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Ask the class" })).ToBeEnabledAsync();
        await TabToAsync(page, ".kp-big[type=submit]");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-curtain")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("v");
        await page.Keyboard.PressAsync("r");
        await Assertions.Expect(page.Locator(".kp-mirror")).ToContainTextAsync("drawn");
    }

    [Fact]
    public async Task Lessons()
    {
        var page = await OpenAsync("/lessons");
        await TabToAsync(page, "a[href='lessons/temperature']");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-lesson-panel")).ToContainTextAsync("step 1 of");
        await TabToAsync(page, ".kp-lesson-check button");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-lesson-no")).Not.ToBeEmptyAsync();
    }

    [Fact]
    public async Task Models()
    {
        var page = await OpenAsync("/models");
        await TabToAsync(page, "#add-model");
        await page.Keyboard.TypeAsync("/nowhere/at/all");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#add-problem .kp-problem")).ToBeVisibleAsync();
        await TabToAsync(page, "button.kp-models-button:not(.kp-models-first, [type=submit]):last-of-type");
        await page.Keyboard.PressAsync("Enter");
        // The dialog takes the focus a moment after it is drawn.
        await page.WaitForFunctionAsync("() => document.activeElement.closest('.mud-dialog-container')");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    /// <summary>Presses Tab until the element has the focus; on the way each stop has to be somewhere where it can be seen.</summary>
    private static async Task TabToAsync(IPage page, string selector)
    {
        var stops = new List<string>();
        for (var i = 0; i < MostTabs; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            var stop = await page.EvaluateAsync<string[]>("""
                selector => {
                  const at = document.activeElement;
                  const box = at.getBoundingClientRect();
                  const seen = at === document.body || at.matches('input[type=file]') || (box.width > 0 && box.height > 0);
                  return [`${at.tagName} ${at.id} ${at.className} ${at.ariaLabel ?? at.textContent.slice(0, 30)}`, String(at.matches(selector)), String(seen)];
                }
                """, selector);
            stops.Add(stop[0]);
            Assert.True(stop[2] == "true", $"The focus went where nothing is seen: {stop[0]}");
            if (stop[1] == "true")
            {
                return;
            }
        }
        Assert.Fail($"No Tab leads to {selector}. It went over: {string.Join(" | ", stops)}");
    }

    private async Task<IPage> OpenAsync(string address)
    {
        var opened = await fixture.OpenAsync();
        await opened.Page.GotoAsync(address);
        await opened.Page.InteractiveAsync();
        return opened.Page;
    }
}
