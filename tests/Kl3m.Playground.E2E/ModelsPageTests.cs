using Kl3m.Playground.Tests.Hub;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Models are fetched from a hub, loaded, used and unloaded in real Chromium, by several people at once.</summary>
public sealed class ModelsPageTests : IAsyncDisposable
{
    private const string Random = FakeHub.Id;
    private const string Bundled = "kl3m-playground-7m";
    private readonly DirectoryInfo cache = Directory.CreateTempSubdirectory();
    private readonly FakeHub hub = new();

    public ModelsPageTests()
    {
        foreach (var (name, content) in RandomModel.Files())
        {
            hub.Files[name] = content;
        }
        Assertions.SetDefaultExpectTimeout(60_000);
    }

    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        cache.Delete(recursive: true);
    }

    [Fact]
    public async Task A_model_is_picked_fetched_loaded_used_and_left_again_and_nobodys_page_breaks()
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        var half = new TaskCompletionSource();
        hub.Pieces = sent => sent >= hub.Files["model.safetensors"].Length / 2 ? half.Task : Task.CompletedTask;
        await using var app = await StartAsync("--Models:DrainSeconds=300");
        await using var browser = await ChromiumBrowser.LaunchAsync();
        var (teacher, student) = (await browser.OpenAsync(app.Address), await browser.OpenAsync(app.Address));
        await OpenModelsAsync(teacher);
        await OpenModelsAsync(student);

        // What one starts, all watch.
        await teacher.Page.GetByPlaceholder("owner/name").FillAsync(Random);
        await teacher.Page.GetByRole(AriaRole.Button, new() { Name = "Add", Exact = true }).ClickAsync();
        await Card(teacher, Random).GetByRole(AriaRole.Button, new() { Name = "Download and load" }).ClickAsync();
        foreach (var watcher in (WatchedPage[])[teacher, student])
        {
            await Assertions.Expect(Card(watcher, Random)).ToContainTextAsync("downloading");
            await Assertions.Expect(Card(watcher, Random).GetByRole(AriaRole.Progressbar)).ToHaveAttributeAsync("aria-valuenow", new System.Text.RegularExpressions.Regex("^[1-9]"));
            await Assertions.Expect(Card(watcher, Random)).ToContainTextAsync("MB of");
        }
        await PictureAsync(teacher, "models-downloading");
        half.SetResult();
        await Assertions.Expect(Card(teacher, Random)).ToContainTextAsync("running, the default");
        await Assertions.Expect(Card(student, Bundled)).ToContainTextAsync("running");
        await PictureAsync(teacher, "models-two");

        // The student generates with it; the teacher unloads it meanwhile. What was begun ends whole.
        await GenerateAsync(student, "900");
        await Assertions.Expect(student.Page.Locator(".kp-model-chip .kp-model-name")).ToHaveTextAsync(Random);
        var unload = Card(teacher, Random).GetByRole(AriaRole.Button, new() { Name = "Unload", Exact = true });
        await unload.ClickAsync();
        var question = teacher.Page.GetByRole(AriaRole.Alertdialog);
        await Assertions.Expect(question).ToContainTextAsync("One generation is in work");
        await Assertions.Expect(question.GetByRole(AriaRole.Button, new() { Name = "Keep" })).ToBeFocusedAsync();
        await teacher.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(question).ToHaveCountAsync(0);
        await Assertions.Expect(unload).ToBeFocusedAsync();
        await Assertions.Expect(Card(teacher, Random)).ToContainTextAsync("running, the default");
        await teacher.Page.Keyboard.PressAsync("Enter");
        await question.GetByRole(AriaRole.Button, new() { Name = "Unload" }).ClickAsync();
        await Assertions.Expect(student.Page.Locator(".kp-model-chip .kp-model-name")).ToHaveTextAsync(Bundled);
        await Assertions.Expect(student.Page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await Assertions.Expect(student.Page.Locator(".kp-card").First).ToContainTextAsync("900");
        await student.Page.Locator(".kp-tokens .kp-t").Nth(3).ClickAsync();
        await Assertions.Expect(student.Page.GetByLabel("Token inspector")).ToContainTextAsync("surprisal");
        await Assertions.Expect(Card(teacher, Random)).ToContainTextAsync("on disk");

        // The teacher is back with the bundled one, and so is the student.
        await teacher.Page.GetByRole(AriaRole.Link, new() { Name = "Playground", Exact = true }).ClickAsync();
        await GenerateAsync(teacher, "24");
        await Assertions.Expect(teacher.Page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await GenerateAsync(student, "24");
        await Assertions.Expect(student.Page.Locator(".kp-card").First).ToContainTextAsync("Done");

        await OpenModelsAsync(teacher);
        await Card(teacher, Random).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Assertions.Expect(Card(teacher, Random)).ToContainTextAsync("from the cache that all Hugging Face tools share?");
        await Card(teacher, Random).GetByRole(AriaRole.Button, new() { Name = "Delete", Exact = true }).ClickAsync();
        await Assertions.Expect(Card(teacher, Random)).ToContainTextAsync("on the hub");
        Assert.Empty(Directory.GetDirectories(Path.Combine(cache.FullName, "hub"), "models--*"));
        Assert.Empty(teacher.Complaints);
        Assert.Empty(student.Complaints);
    }

    [Fact]
    public async Task A_visitor_picks_among_loaded_models_for_himself_alone()
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        await using var app = await StartAsync();
        await using var browser = await ChromiumBrowser.LaunchAsync();
        var (one, other) = (await browser.OpenAsync(app.Address), await browser.OpenAsync(app.Address));
        await OpenModelsAsync(one);
        await one.Page.GetByPlaceholder("owner/name").FillAsync(Random);
        await one.Page.Keyboard.PressAsync("Enter");
        await Card(one, Random).GetByRole(AriaRole.Button, new() { Name = "Download and load" }).ClickAsync();
        await Assertions.Expect(other.Page.Locator(".kp-model-chip .kp-model-name")).ToHaveTextAsync(Random);
        await one.Page.GetByLabel("Model to work with").SelectOptionAsync(Bundled);
        await Assertions.Expect(one.Page.Locator(".kp-model-chip .kp-model-name")).ToHaveTextAsync(Bundled);
        await Assertions.Expect(other.Page.Locator(".kp-model-chip .kp-model-name")).ToHaveTextAsync(Random);
        await one.Page.GetByRole(AriaRole.Link, new() { Name = "Playground", Exact = true }).ClickAsync();
        await GenerateAsync(one, "8");
        await Assertions.Expect(one.Page.Locator(".kp-card").First).ToContainTextAsync("Done");
        Assert.Empty(one.Complaints);
        Assert.Empty(other.Complaints);
    }

    [Fact]
    public async Task What_the_hub_does_not_have_is_said_at_the_field()
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        await using var app = await StartAsync();
        await using var browser = await ChromiumBrowser.LaunchAsync();
        var visitor = await browser.OpenAsync(app.Address);
        await OpenModelsAsync(visitor);
        hub.Fail("info", FakeHub.Status(404), FakeHub.Status(401));
        foreach (var words in (string[])["does not have", "gated or private"])
        {
            await visitor.Page.GetByPlaceholder("owner/name").FillAsync(Random);
            await visitor.Page.Keyboard.PressAsync("Enter");
            await Assertions.Expect(visitor.Page.Locator("#add-problem")).ToContainTextAsync(words);
        }
        await Assertions.Expect(visitor.Page.GetByPlaceholder("owner/name")).ToHaveValueAsync(Random);
        await visitor.Page.GetByPlaceholder("owner/name").FillAsync("<img src=x onerror=window.hit=1>");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(visitor.Page.Locator("#add-problem")).ToContainTextAsync("neither owner/name");
        Assert.False(await visitor.Page.EvaluateAsync<bool>("() => 'hit' in window"));
        Assert.Empty(visitor.Complaints);
    }

    [Fact]
    public async Task Where_others_can_reach_the_server_the_passphrase_opens_it_and_signing_out_closes_it()
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        await using var app = await StartAsync("--urls", "http://0.0.0.0:0", "--Admin:Passphrase=open sesame");
        await using var browser = await ChromiumBrowser.LaunchAsync();
        var visitor = await browser.OpenAsync(app.Address);
        var page = visitor.Page;
        await OpenModelsAsync(visitor);
        await Assertions.Expect(Card(visitor, Bundled).GetByRole(AriaRole.Button, new() { Name = "Unload" })).ToHaveCountAsync(0);
        await page.GetByPlaceholder("Passphrase").FillAsync("open barley");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.Locator("#signin-answer")).ToHaveTextAsync("That is not the passphrase.");
        await PictureAsync(visitor, "models-sign-in");
        await page.GetByPlaceholder("Passphrase").FillAsync("open sesame");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(Card(visitor, Bundled).GetByRole(AriaRole.Button, new() { Name = "Unload" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(page.GetByPlaceholder("Passphrase")).ToBeVisibleAsync();
        await Assertions.Expect(Card(visitor, Bundled).GetByRole(AriaRole.Button, new() { Name = "Unload" })).ToHaveCountAsync(0);
        Assert.Empty(visitor.Complaints);
    }

    private Task<PlaygroundApp> StartAsync(params string[] arguments) =>
        PlaygroundApp.StartAsync([("HF_ENDPOINT", hub.Hub.ToString()), ("HF_HOME", cache.FullName), ("HF_TOKEN", ""), ("HF_HUB_CACHE", "")], arguments);

    private static async Task OpenModelsAsync(WatchedPage visitor)
    {
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Models", Exact = true }).ClickAsync();
        await Assertions.Expect(Card(visitor, Bundled)).ToBeVisibleAsync();
    }

    private static ILocator Card(WatchedPage visitor, string id) => visitor.Page.Locator($"article[aria-label='{id}']");

    /// <summary>From wherever the visitor is; returns when tokens come.</summary>
    private static async Task GenerateAsync(WatchedPage visitor, string tokens)
    {
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Playground", Exact = true }).ClickAsync();
        var field = visitor.Page.Locator("#knob-MaxTokens");
        await field.FillAsync(tokens);
        await field.PressAsync("Tab");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await visitor.Page.Locator(".kp-tokens .kp-t").First.WaitForAsync();
    }

    private static Task PictureAsync(WatchedPage visitor, string name) => AppFixture.PictureAsync(visitor.Page, name);
}
