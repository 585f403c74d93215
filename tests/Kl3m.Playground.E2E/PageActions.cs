using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>What every page is asked to do.</summary>
internal static class PageActions
{
    /// <summary>Waits until the page answers: what is pressed before would be lost.</summary>
    public static Task InteractiveAsync(this IPage page, float? milliseconds = null) =>
        page.Locator("html[data-interactive]").WaitForAsync(new() { State = WaitForSelectorState.Attached, Timeout = milliseconds });

    /// <summary>Types a value into a setting's field.</summary>
    public static async Task SetAsync(this IPage page, string setting, string value)
    {
        var input = page.Locator($"#knob-{setting}");
        await input.FillAsync(value);
        await input.PressAsync("Tab");
    }

    /// <summary>The playground's texts are the same each time.</summary>
    public static async Task TakeDiceAsync(this IPage page)
    {
        await page.GetByLabel("New seed each time").UncheckAsync();
        await page.SetAsync("Seed", "7");
    }

    /// <summary>Writes on the playground to the end, with all tokens on the page, and the same ones each time.</summary>
    public static async Task WriteAsync(this IPage page, string temperature = "0.5")
    {
        await page.TakeDiceAsync();
        await page.SetAsync("Temperature", temperature);
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Generate" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".kp-tokens").First).ToHaveAttributeAsync("aria-busy", "false");
    }
}
