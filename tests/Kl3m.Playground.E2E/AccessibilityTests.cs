using System.Text.Json;
using Kl3m.Playground.Components.Layout;
using Kl3m.Tests.Shared;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>axe-core, the rules of which stand for much of WCAG, over every page that the app bar lists, so that a page which comes later is covered.</summary>
public sealed class AccessibilityTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    private static string Axe => Path.Combine(SharedFolder.Repository, "tests", "Kl3m.Playground.E2E", "clients", "node_modules", "axe-core", "axe.min.js");

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Light, 390)]
    public async Task No_page_breaks_a_rule_of_axe(ColorScheme scheme, int width)
    {
        if (!File.Exists(Axe))
        {
            Assert.Skip("needs npm ci in tests/Kl3m.Playground.E2E/clients");
        }
        var opened = await fixture.OpenAsync(width, width < 600 ? 844 : 900, scheme);
        var page = opened.Page;
        // A button that wakes while axe looks would be met halfway between two colours.
        await page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        // Before the pages' own scripts: their Content-Security-Policy lets no other in later.
        await page.AddInitScriptAsync(scriptPath: Axe);
        var broken = new List<string>();
        foreach (var entry in NavigationEntry.All)
        {
            await page.GotoAsync("/" + entry.Address);
            await page.InteractiveAsync();
            broken.AddRange(await FindAsync(page, entry.Title));
            // What a run brings onto the page counts too.
            if (entry.Address is "" or "compare")
            {
                await page.Locator(".kp-generate").ClickAsync();
                await Assertions.Expect(page.Locator(".kp-tone-done").First).ToBeVisibleAsync();
                await page.Locator(".kp-tokens:visible .kp-t").Nth(1).ClickAsync();
                await page.Locator(".kp-inspector, .kp-fork-table").First.WaitForAsync();
                broken.AddRange(await FindAsync(page, entry.Title + " with a run"));
            }
        }
        Assert.True(broken.Count == 0, string.Join('\n', broken));
    }

    private static async Task<IEnumerable<string>> FindAsync(IPage page, string where)
    {
        // Colours glide for a moment after a change, and a fade is no contrast.
        await page.EvaluateAsync("() => Promise.all(document.getAnimations().map(animation => animation.finished.catch(() => undefined)))");
        var found = await page.EvaluateAsync<JsonElement>("""
            async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
              .map(rule => `${rule.id}: ${rule.nodes.slice(0, 4).map(node => `${node.target.join(' ')} ${node.html.slice(0, 120)}`).join(' | ')}`)
            """);
        return found.EnumerateArray().Select(text => $"{where}: {text.GetString()}");
    }
}
