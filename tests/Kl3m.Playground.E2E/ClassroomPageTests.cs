using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>A class in real Chromium: a teacher at the projector and three students, one of them on a phone.</summary>
public sealed class ClassroomPageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    [Fact]
    public async Task A_class_joins_follows_detaches_votes_reveals_plays_and_leaves()
    {
        var teacher = await fixture.OpenAsync(1920, 1080);
        var (t, code) = await OpenRoomAsync(teacher.Page);
        var phone = await fixture.OpenAsync(390, 844);
        var laptop = await fixture.OpenAsync(1280, 800);
        var tablet = await fixture.OpenAsync(800, 1000, ColorScheme.Dark);

        // By link, by code, and with a name that tries to be more than a name.
        await JoinAsync(phone.Page, $"/join/{code}", null, "Ada");
        await JoinAsync(laptop.Page, "/join", code.ToLowerInvariant(), null);
        await JoinAsync(tablet.Page, "/join", $"{code[..3]} {code[3..]}", "<img src=x onerror='window.hit=1'>");
        await Assertions.Expect(t.Locator(".kp-names li")).ToHaveCountAsync(3);
        await AppFixture.PictureAsync(t, "class-lobby");
        await AppFixture.PictureAsync(phone.Page, "class-phone-in");

        // The teacher works in the playground; everybody sees the text as it is written, and the token in the spotlight.
        await t.GetByRole(AriaRole.Button, new() { Name = "Present", Exact = true }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Present the playground" }).ClickAsync();
        var before = await GeneratedAsync(t);
        await t.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await t.Locator(".kp-tokens").First.Locator(".kp-t").Nth(8).ClickAsync();
        foreach (var student in new[] { phone.Page, laptop.Page, tablet.Page })
        {
            await Assertions.Expect(student.Locator(".kp-presented")).ToContainTextAsync("Under this");
            await Assertions.Expect(student.Locator(".kp-tokens").First.Locator(".kp-t").Nth(8)).ToBeAttachedAsync();
            await Assertions.Expect(student.Locator(".kp-presented-token")).ToContainTextAsync("Token 9");
        }
        await Assertions.Expect(t.Locator(".kp-card").First).ToContainTextAsync("Done");
        await Assertions.Expect(t.Locator(".kp-tokens").First).ToHaveAttributeAsync("aria-busy", "false");
        var seen = await t.Locator(".kp-tokens").First.TextContentAsync();
        await Assertions.Expect(laptop.Page.Locator(".kp-tokens").First).ToHaveAttributeAsync("aria-busy", "false");
        Assert.Equal(seen, await laptop.Page.Locator(".kp-tokens").First.TextContentAsync());
        // Three continuations of 32 tokens, however many watch.
        Assert.Equal(96, await GeneratedAsync(t) - before);
        await AppFixture.PictureAsync(t, "class-presenting");
        await AppFixture.PictureAsync(phone.Page, "class-phone-following");
        await AppFixture.PictureAsync(laptop.Page, "class-following");

        // One tries it alone and comes back.
        await laptop.Page.GetByRole(AriaRole.Button, new() { Name = "Try it on your own" }).ClickAsync();
        await Assertions.Expect(laptop.Page.GetByLabel("Prompt", new() { Exact = true })).ToHaveValueAsync("Under this");
        await laptop.Page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await Assertions.Expect(laptop.Page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await AppFixture.PictureAsync(laptop.Page, "class-own-desk");
        await laptop.Page.GetByRole(AriaRole.Link, new() { Name = "Back to the class" }).ClickAsync();
        await Assertions.Expect(laptop.Page.Locator(".kp-presented")).ToBeVisibleAsync();

        // What comes next? Nobody sees a probability before the curtain opens.
        await t.GetByRole(AriaRole.Link, new() { Name = "Back to the class" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "What comes next?" }).ClickAsync();
        await t.GetByLabel("Offer five choices").CheckAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Ask the class" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-curtain")).ToBeVisibleAsync();
        await phone.Page.Locator(".kp-choice").First.ClickAsync();
        await AppFixture.PictureAsync(phone.Page, "class-phone-vote");
        await phone.Page.Locator(".kp-desk-go").ClickAsync();
        await VoteAsync(laptop.Page, "Delaware");
        await VoteAsync(tablet.Page, "<script>window.hit=1</script>");
        await Assertions.Expect(t.Locator(".kp-rail-count")).ToHaveTextAsync("3 of 3");
        foreach (var page in new[] { t, phone.Page, laptop.Page, tablet.Page })
        {
            Assert.DoesNotContain("%", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        }
        await AppFixture.PictureAsync(t, "class-voting");

        // Somebody changes their mind, and somebody's page is loaded anew: still one vote each, and the vote is where it was.
        await VoteAsync(laptop.Page, "New York");
        await tablet.Page.ReloadAsync();
        await Assertions.Expect(tablet.Page.Locator(".kp-vote-own")).ToHaveValueAsync("<script>window.hit=1</script>");
        await Assertions.Expect(t.Locator(".kp-rail-count")).ToHaveTextAsync("3 of 3");
        await t.Keyboard.PressAsync("v");
        await Assertions.Expect(phone.Page.Locator(".kp-desk")).ToContainTextAsync("Voting is closed.");
        await t.Keyboard.PressAsync("r");
        await Assertions.Expect(t.Locator(".kp-mirror")).ToContainTextAsync("drawn");
        await Assertions.Expect(t.Locator(".kp-rail")).ToContainTextAsync("bits");
        await Assertions.Expect(phone.Page.Locator(".kp-desk-result")).ToContainTextAsync("bits");
        await AppFixture.PictureAsync(t, "class-revealed");
        await AppFixture.PictureAsync(phone.Page, "class-phone-revealed");
        await AppFixture.PictureAsync(tablet.Page, "class-tablet-revealed");
        await t.Keyboard.PressAsync("n");
        await Assertions.Expect(t.Locator(".kp-stage-head")).ToContainTextAsync("Question 2");
        await Assertions.Expect(phone.Page.Locator(".kp-desk")).ToContainTextAsync("Question 2");

        // Everybody is one draw.
        await t.GetByRole(AriaRole.Button, new() { Name = "Sampler game" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Start the game" }).ClickAsync();
        await phone.Page.GetByRole(AriaRole.Button, new() { Name = "Throw a dart" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-rail-count")).ToContainTextAsync("1 from 3");
        await t.GetByRole(AriaRole.Button, new() { Name = "The class samples" }).ClickAsync();
        await Assertions.Expect(phone.Page.Locator(".kp-desk")).ToContainTextAsync("31 darts");
        await t.Locator("#knob-Temperature").FillAsync("0");
        await t.Locator("#knob-Temperature").PressAsync("Tab");
        await Assertions.Expect(t.Locator(".kp-game-hits").First).ToContainTextAsync("31");
        await AppFixture.PictureAsync(t, "class-game");
        await AppFixture.PictureAsync(phone.Page, "class-phone-game");

        // One goes, one is sent, and the room is closed.
        await phone.Page.GetByRole(AriaRole.Button, new() { Name = "Leave" }).ClickAsync();
        await Assertions.Expect(phone.Page.GetByRole(AriaRole.Heading, new() { Name = "Join the class" })).ToBeVisibleAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Students" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-students tbody tr")).ToHaveCountAsync(2);
        await AppFixture.PictureAsync(t, "class-students");
        await t.Locator(".kp-students tbody tr").First.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Send home" }).ClickAsync();
        await Assertions.Expect(laptop.Page.GetByRole(AriaRole.Heading, new() { Name = "You are not in this room" })).ToBeVisibleAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Close the room" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Close it" }).ClickAsync();
        await Assertions.Expect(tablet.Page.GetByRole(AriaRole.Heading, new() { Name = "This room is closed" })).ToBeVisibleAsync();
        foreach (var page in new[] { teacher, phone, laptop, tablet })
        {
            Assert.Empty(page.Complaints);
            Assert.False(await page.Page.EvaluateAsync<bool>("() => 'hit' in window"));
        }
    }

    [Fact]
    public async Task A_reload_brings_the_teacher_back_and_a_stranger_nowhere()
    {
        var teacher = await fixture.OpenAsync();
        var (t, code) = await OpenRoomAsync(teacher.Page);
        await t.ReloadAsync();
        await Assertions.Expect(t.Locator(".kp-rail-code")).ToBeVisibleAsync();
        var stranger = await fixture.OpenAsync();
        await stranger.Page.GotoAsync($"/room/{code}");
        await Assertions.Expect(stranger.Page.GetByRole(AriaRole.Heading, new() { Name = "You are not in this room" })).ToBeVisibleAsync();
        await stranger.Page.GotoAsync("/join/AAAAAA");
        var join = stranger.Page.GetByRole(AriaRole.Button, new() { Name = "Join" });
        await Assertions.Expect(join).ToBeEnabledAsync();
        await join.ClickAsync();
        await Assertions.Expect(stranger.Page.Locator("#join-problem")).ToContainTextAsync("no open room");
        Assert.Empty(teacher.Complaints);
        Assert.Empty(stranger.Complaints);
    }

    [Theory]
    [InlineData("wide", 1440, 900, ColorScheme.Dark)]
    [InlineData("middle", 1024, 768, ColorScheme.Light)]
    [InlineData("phone", 390, 844, ColorScheme.Light)]
    public async Task The_teachers_page_fits_every_width(string name, int width, int height, ColorScheme scheme)
    {
        var opened = await fixture.OpenAsync(width, height, scheme);
        var (t, _) = await OpenRoomAsync(opened.Page);
        await t.GetByRole(AriaRole.Button, new() { Name = "What comes next?" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Ask the class" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Reveal" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-mirror")).ToContainTextAsync("drawn");
        await AppFixture.PictureAsync(t, "class-teacher-" + name);
        Assert.True(await t.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"), "The page scrolls sideways.");
        Assert.Empty(opened.Complaints);
    }

    /// <summary>Tokens that the engine has drawn since it started.</summary>
    internal static async Task<double> GeneratedAsync(IPage page)
    {
        var text = await (await page.APIRequest.GetAsync("/metrics")).TextAsync();
        return text.Split('\n').Where(line => line.StartsWith("kl3m_engine_generated_tokens", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));
    }

    internal static async Task<(IPage Page, string Code)> OpenRoomAsync(IPage page)
    {
        await page.GotoAsync("/classroom");
        await page.InteractiveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Open a room" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-rail-code")).ToBeVisibleAsync();
        return (page, page.Url.Split('/')[^1]);
    }

    internal static async Task JoinAsync(IPage page, string address, string? code, string? name)
    {
        await page.GotoAsync(address);
        await page.InteractiveAsync();
        var join = page.GetByRole(AriaRole.Button, new() { Name = "Join" });
        await Assertions.Expect(join).ToBeEnabledAsync();
        if (code is not null)
        {
            await page.GetByLabel("Code from the wall").FillAsync(code);
        }
        if (name is not null)
        {
            await page.GetByLabel("Your nickname").FillAsync(name);
        }
        await join.ClickAsync();
        await Assertions.Expect(page.Locator(".kp-desk")).ToBeVisibleAsync();
    }

    internal static async Task VoteAsync(IPage page, string word)
    {
        await page.Locator(".kp-vote-own").FillAsync(word);
        await page.Locator(".kp-desk-go").ClickAsync();
        await Assertions.Expect(page.Locator(".kp-desk")).ToContainTextAsync("Your vote is in: " + word);
    }
}
