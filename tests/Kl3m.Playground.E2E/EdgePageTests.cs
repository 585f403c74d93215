using Kl3m.Playground.Components.Layout;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Behind an access code and under the Content-Security-Policy, every page works in a real browser, and the browser has nothing to report.</summary>
public sealed class EdgePageTests
{
    [Fact]
    public async Task With_the_code_every_page_works_and_breaks_no_rule_of_the_policy()
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        Assertions.SetDefaultExpectTimeout(30_000);
        await using var app = await PlaygroundApp.StartAsync("--Access:Code=open sesame");
        await using var browser = await ChromiumBrowser.LaunchAsync();
        var opened = await browser.NewPageAsync(app.Address);
        var page = opened.Page;
        await page.AddInitScriptAsync("addEventListener('securitypolicyviolation', e => console.error('policy:', e.violatedDirective, e.blockedURI, e.sourceFile, e.lineNumber), true)");

        // A link's fragment is carried by no request, and is still there behind the code.
        await page.GotoAsync("/compare#prompt=Whereas%20&columns=2");
        await page.GetByLabel("Code").FillAsync("wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Enter" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("That is not the code");
        Assert.All(opened.Complaints, complaint => Assert.Contains("403", complaint, StringComparison.Ordinal));
        opened.Complaints.Clear();
        await page.GetByLabel("Code").FillAsync("open sesame");
        await page.GetByRole(AriaRole.Button, new() { Name = "Enter" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Prompt", new() { Exact = true })).ToHaveValueAsync("Whereas ");

        foreach (var entry in NavigationEntry.All)
        {
            await page.GotoAsync("/" + entry.Address);
            await page.InteractiveAsync();
            await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
            Assert.True(opened.Complaints.Count == 0, $"{entry.Title}: {string.Join('\n', opened.Complaints)}");
        }

        await page.GotoAsync("/");
        await page.InteractiveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await page.Locator(".kp-tokens .kp-t").First.ClickAsync();
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("The draw");
        Assert.Empty(opened.Complaints);

        // What the policy is there for: a script that somebody smuggled into the page does not run, and the browser says so.
        await page.EvaluateAsync("() => { const s = document.createElement('script'); s.textContent = 'window.smuggled = 1'; document.body.append(s); }");
        await Assertions.Expect(page.Locator("body")).ToBeVisibleAsync();
        Assert.False(await page.EvaluateAsync<bool>("() => 'smuggled' in window"));
        Assert.Contains(opened.Complaints, complaint => complaint.Contains("policy:", StringComparison.Ordinal));
    }
}
