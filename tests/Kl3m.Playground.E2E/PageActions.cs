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
}
