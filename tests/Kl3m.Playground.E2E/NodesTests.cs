using System.Diagnostics;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Two web nodes with a real Redis behind a real nginx.</summary>
public sealed class NodesTests
{
    [Fact]
    public async Task Who_was_on_a_node_that_died_goes_on_at_another_one_without_giving_the_code_again()
    {
        await using var stage = new NodeStage();
        Assertions.SetDefaultExpectTimeout(30_000);
        stage.StartRedis();
        string[] settings = ["--Access:Code=sesame", stage.RedisSetting];
        var first = await PlaygroundApp.StartAsync(settings);
        await using var second = await PlaygroundApp.StartAsync(settings);
        // The second node joins later, so that it is known where the browser is.
        stage.StartNginx(first.Address);
        await using var browser = await ChromiumBrowser.LaunchAsync();
        var opened = await browser.NewPageAsync(stage.Address);
        var page = opened.Page;
        await page.GotoAsync("/");
        await page.GetByLabel("Code").FillAsync("sesame");
        await page.GetByRole(AriaRole.Button, new() { Name = "Enter" }).ClickAsync();
        await GenerateAsync(page);
        Assert.Empty(opened.Complaints);

        stage.StartNginx(first.Address, second.Address);
        await first.DisposeAsync(); // SIGKILL
        var clock = Stopwatch.StartNew();
        await Assertions.Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
        await ReloadAsync(page);
        TestContext.Current.TestOutputHelper?.WriteLine($"Back after {clock.Elapsed.TotalSeconds:0.0} s.");
        await GenerateAsync(page);

        // Outside of rooms Redis is asked at the start and once a day: nobody notices when it goes and comes back.
        await stage.KillRedisAsync();
        await page.ReloadAsync();
        await GenerateAsync(page);
        stage.StartRedis();
        await page.ReloadAsync();
        await GenerateAsync(page);
    }

    [Fact]
    public async Task A_class_on_two_nodes_is_one_class_and_outlives_redis_and_one_of_the_nodes()
    {
        await using var stage = new NodeStage();
        Assertions.SetDefaultExpectTimeout(60_000);
        stage.StartRedis();
        var first = await PlaygroundApp.StartAsync(stage.RedisSetting);
        await using var second = await PlaygroundApp.StartAsync(stage.RedisSetting);
        await using var browser = await ChromiumBrowser.LaunchAsync();
        stage.StartNginx(first.Address);
        var t = await stage.OpenAtAsync(browser, first.Address, 1920, 1080);
        var (_, code) = await ClassroomPageTests.OpenRoomAsync(t);
        var near = await stage.OpenAtAsync(browser, first.Address);
        await ClassroomPageTests.JoinAsync(near, $"/join/{code}", null, "Ada");
        stage.StartNginx(second.Address);
        var far = await stage.OpenAtAsync(browser, second.Address);
        var phone = await stage.OpenAtAsync(browser, second.Address, 390, 844);
        await ClassroomPageTests.JoinAsync(far, "/join", code, "Ben");
        await ClassroomPageTests.JoinAsync(phone, $"/join/{code}", null, "Cy");
        await Assertions.Expect(t.Locator(".kp-names li:not(.kp-away)")).ToHaveCountAsync(3);
        // From here on whoever comes may come to either.
        stage.StartNginx(first.Address, second.Address);

        // Each vote counts once, wherever it is cast.
        await t.GetByRole(AriaRole.Button, new() { Name = "What comes next?" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Ask the class" }).ClickAsync();
        await ClassroomPageTests.VoteAsync(near, "Delaware");
        await ClassroomPageTests.VoteAsync(far, "Delaware");
        await ClassroomPageTests.VoteAsync(far, "New York");
        await ClassroomPageTests.VoteAsync(phone, "Delaware");
        await Assertions.Expect(t.Locator(".kp-rail-count")).ToHaveTextAsync("3 of 3");
        await t.Keyboard.PressAsync("r");
        await Assertions.Expect(t.Locator(".kp-mirror")).ToContainTextAsync("drawn");
        await Assertions.Expect(phone.Locator(".kp-desk-result")).ToContainTextAsync("bits");
        await AppFixture.PictureAsync(t, "nodes-revealed");
        await AppFixture.PictureAsync(phone, "nodes-phone-revealed");

        // One generation at the teacher's node, followed at the other.
        await t.GetByRole(AriaRole.Button, new() { Name = "Present", Exact = true }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Present the playground" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await t.Locator(".kp-tokens").First.Locator(".kp-t").Nth(8).ClickAsync();
        await Assertions.Expect(far.Locator(".kp-presented-token")).ToContainTextAsync("Token 9");
        await Assertions.Expect(t.Locator(".kp-card").First).ToContainTextAsync("Done");
        await Assertions.Expect(far.Locator(".kp-tokens").First).ToHaveAttributeAsync("aria-busy", "false");
        Assert.Equal(await t.Locator(".kp-tokens").First.TextContentAsync(), await far.Locator(".kp-tokens").First.TextContentAsync());
        Assert.Equal(0, await GeneratedAtAsync(second.Address));
        await AppFixture.PictureAsync(far, "nodes-following");

        // Redis goes, and all that it held with it: the page says so, nothing is lost, and the room goes on when it is back.
        await t.GetByRole(AriaRole.Link, new() { Name = "Back to the class" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Sampler game" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Start the game" }).ClickAsync();
        var dart = phone.GetByRole(AriaRole.Button, new() { Name = "Throw a dart" });
        await dart.ClickAsync();
        await Assertions.Expect(t.Locator(".kp-rail-count")).ToContainTextAsync("1 from 3");
        await stage.KillRedisAsync();
        await dart.ClickAsync();
        await Assertions.Expect(phone.GetByRole(AriaRole.Alert)).ToContainTextAsync("nothing was changed");
        await AppFixture.PictureAsync(phone, "nodes-phone-away");
        await LoggedAsync("Redis does not answer", first, second);
        stage.StartRedis();
        var clock = Stopwatch.StartNew();
        await LoggedAsync("Redis answers again", first, second);
        await t.GetByRole(AriaRole.Button, new() { Name = "The class samples" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-rail-count")).ToContainTextAsync("31 from 3");
        TestContext.Current.TestOutputHelper?.WriteLine($"Redis back: the room went on after {clock.Elapsed.TotalSeconds:0.0} s.");
        await Assertions.Expect(phone.Locator(".kp-desk")).ToContainTextAsync("31 darts");

        // The teacher's node is killed: its people are back in the room without doing anything.
        await Task.WhenAll(MarkAsync(t), MarkAsync(near));
        await first.DisposeAsync(); // SIGKILL
        clock.Restart();
        await Task.WhenAll(BackAsync(t, ".kp-rail-count", "31 from 3"), BackAsync(near, ".kp-desk", "31 darts"));
        TestContext.Current.TestOutputHelper?.WriteLine($"Node killed: its teacher and its student were back after {clock.Elapsed.TotalSeconds:0.0} s.");
        await near.InteractiveAsync();
        await near.GetByRole(AriaRole.Button, new() { Name = "Throw a dart" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-rail-count")).ToContainTextAsync("32 from 3");
        await AppFixture.PictureAsync(t, "nodes-after-the-kill");
        await t.GetByRole(AriaRole.Button, new() { Name = "Students" }).ClickAsync();
        await t.Locator(".kp-students tbody tr").Nth(1).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Send home" }).ClickAsync();
        await Assertions.Expect(far.GetByRole(AriaRole.Heading, new() { Name = "You are not in this room" })).ToBeVisibleAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Close the room" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Close it" }).ClickAsync();
        await Assertions.Expect(near.GetByRole(AriaRole.Heading, new() { Name = "This room is closed" })).ToBeVisibleAsync();
    }

    private static async Task MarkAsync(IPage page) => await page.EvaluateAsync("() => { document.body.dataset.old = '1'; }");

    /// <summary>On a page that was loaded anew, not on what the old one still shows.</summary>
    private static async Task BackAsync(IPage page, string place, string text)
    {
        await page.Locator("body:not([data-old])").WaitForAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator(place)).ToContainTextAsync(text);
    }

    private static async Task LoggedAsync(string line, params PlaygroundApp[] nodes)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!nodes.All(node => node.Log.Contains(line, StringComparison.Ordinal)))
        {
            await Task.Delay(50, limit.Token);
        }
    }

    private static async Task<double> GeneratedAtAsync(Uri node)
    {
        using var client = new HttpClient { BaseAddress = node };
        return (await client.GetStringAsync("/metrics")).Split('\n').Where(line => line.StartsWith("kl3m_engine_generated_tokens", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>As people do: again, while the proxy's old workers still know the dead node alone.</summary>
    private static async Task ReloadAsync(IPage page)
    {
        for (var tries = 8; ; tries--)
        {
            await page.ReloadAsync();
            try
            {
                await page.InteractiveAsync(5000);
                return;
            }
            catch (TimeoutException) when (tries > 1)
            {
            }
        }
    }

    private static async Task GenerateAsync(IPage page)
    {
        await page.InteractiveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await page.Locator(".kp-tokens .kp-t").Nth(5).WaitForAsync();
    }
}
