using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>On a slow line a person types before the page has its circuit; the interactive page replaces the one typed into.</summary>
public sealed class EarlyTypingTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    [Theory]
    [InlineData("/", "#prompt", "This Lease ", "#prompt-length", "prompt")]
    [InlineData("/", "#knob-Temperature", "1.35", null, null)]
    [InlineData("/models", "#add-model", "owner/name", null, null)]
    [InlineData("/tokens", "#tokens-text", "indemnification", ".kp-split-head div:nth-child(2) dd", "15")]
    [InlineData("/score", "#score-text-0", "The Tenant shall pay.", null, null)]
    [InlineData("/classroom", "#room-code", "ABCDEF", null, null)]
    public async Task What_was_typed_stays_and_the_field_keeps_the_focus(string address, string field, string words, string? heard, string? says)
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        var begin = new TaskCompletionSource();
        await page.RouteAsync("**/_framework/blazor.web*", async route =>
        {
            await begin.Task;
            await route.ContinueAsync();
        });
        await page.GotoAsync(address, new() { WaitUntil = WaitUntilState.Commit });
        await page.Locator(field).FillAsync(words);
        await page.Locator(field).EvaluateAsync("field => { field.dataset.old = 'yes'; }");
        begin.SetResult();
        await page.InteractiveAsync();
        await Assertions.Expect(page.Locator(field)).Not.ToHaveAttributeAsync("data-old", "yes");
        await Assertions.Expect(page.Locator(field)).ToHaveValueAsync(words);
        await Assertions.Expect(page.Locator(field)).ToBeFocusedAsync();
        if (heard is not null)
        {
            await Assertions.Expect(page.Locator(heard).First).ToContainTextAsync(says!);
        }
        await page.Locator(field).PressAsync("Tab");
        await Assertions.Expect(page.Locator(field)).ToHaveValueAsync(words);
        Assert.Empty(opened.Complaints);
    }
}
