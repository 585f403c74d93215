using Kl3m.Playground.Backends;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>A node without a model before a second server that has one: its pages say what cannot be known there, and what can is exact.</summary>
public sealed class RemotePageTests
{
    [Fact]
    public async Task Playground_lab_and_class_work_with_a_model_that_tells_its_likeliest_tokens_only()
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        Assertions.SetDefaultExpectTimeout(60_000);
        await using var server = await PlaygroundApp.StartAsync();
        await using var node = await PlaygroundApp.StartAsync(
            "--Model:None=true", $"--Remotes:0:Url={server.Address}", "--Remotes:0:Model=kl3m-playground-7m", $"--Remotes:0:Tokenizer={ModelFolder.BundledPath}");
        await using var browser = await ChromiumBrowser.LaunchAsync();
        var opened = await browser.NewPageAsync(node.Address);
        var page = opened.Page;

        await page.GotoAsync("/");
        await page.InteractiveAsync();
        await page.SetAsync("TopK", "20");
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await page.Locator(".kp-tokens .kp-t").First.ClickAsync();
        var inspector = page.GetByLabel("Token inspector");
        await Assertions.Expect(inspector).ToContainTextAsync("tells the 20 likeliest of 4,096 tokens");
        await Assertions.Expect(inspector.Locator(".kp-facts .kp-is-final")).ToContainTextAsync("%"); // of those twenty it is known
        await page.GetByText("Surprisal along the text").ClickAsync();
        await Assertions.Expect(page.GetByText("the entropy is not told")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Open in Lab" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-lab")).ToContainTextAsync("The top 20 of 4,096 tokens; the rest");
        await Assertions.Expect(page.Locator(".kp-lab")).ToContainTextAsync("the final shares are exact");
        await page.GetByRole(AriaRole.Button, new() { Name = "Draw ×1,000" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-strip")).ToContainTextAsync("1,000 draws");
        await page.GetByRole(AriaRole.Button, new() { Name = "Write 8" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-fork-tree, .kp-lab-card").Last).ToContainTextAsync("×");

        var (teacher, code) = await ClassroomPageTests.OpenRoomAsync(page);
        var student = (await browser.NewPageAsync(node.Address, 390, 844)).Page;
        await ClassroomPageTests.JoinAsync(student, $"/join/{code}", null, "Ada");
        await teacher.GetByRole(AriaRole.Button, new() { Name = "Sampler game" }).ClickAsync();
        await Assertions.Expect(teacher.GetByText("so it needs a model that is loaded here")).ToBeVisibleAsync();
        await Assertions.Expect(teacher.GetByRole(AriaRole.Button, new() { Name = "Start the game" })).ToBeDisabledAsync();
        await teacher.GetByRole(AriaRole.Button, new() { Name = "What comes next?" }).ClickAsync();
        await teacher.GetByRole(AriaRole.Button, new() { Name = "Ask the class" }).ClickAsync();
        await Assertions.Expect(student.Locator(".kp-vote-own")).ToBeEditableAsync();
        await ClassroomPageTests.VoteAsync(student, "zebra");
        await teacher.GetByRole(AriaRole.Button, new() { Name = "Reveal" }).ClickAsync();
        await Assertions.Expect(student.Locator(".kp-desk-result")).ToContainTextAsync("behind its likeliest tokens");
        await Assertions.Expect(teacher.Locator(".kp-mirror-model").First).ToContainTextAsync("%");
        Assert.Empty(opened.Complaints);
    }
}
