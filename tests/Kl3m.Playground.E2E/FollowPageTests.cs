using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>A student follows the teacher's pages in real Chromium.</summary>
public sealed class FollowPageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    [Fact]
    public async Task A_student_on_a_phone_follows_Lab_Compare_and_Score_tries_each_alone_and_comes_back()
    {
        var teacher = await fixture.OpenAsync(1440, 900);
        var (t, code) = await ClassroomPageTests.OpenRoomAsync(teacher.Page);
        var student = await fixture.OpenAsync(390, 844);
        var s = student.Page;
        await ClassroomPageTests.JoinAsync(s, $"/join/{code}", null, "Ada");
        await t.GetByRole(AriaRole.Button, new() { Name = "Present", Exact = true }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Present the playground" }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-card").First).ToContainTextAsync("Done");
        await t.Locator(".kp-tokens").First.Locator(".kp-t").Nth(8).ClickAsync();
        await Assertions.Expect(s.Locator(".kp-presented-token")).ToContainTextAsync("Token 9");

        // The class comes along to the Lab: the same token, every slider and a thousand draws. It looks and moves nothing.
        await GoAsync(t, "Lab");
        await Assertions.Expect(s.Locator(".kp-lab-where")).ToContainTextAsync("token 9 of continuation 1");
        await t.GetByLabel("Temperature, number").FillAsync("1.5");
        await t.GetByLabel("Temperature, number").PressAsync("Tab");
        await Assertions.Expect(s.GetByLabel("Temperature, number")).ToHaveValueAsync("1.50");
        await Assertions.Expect(s.GetByLabel("Temperature, number")).ToBeDisabledAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Draw ×1,000" }).ClickAsync();
        await Assertions.Expect(s.Locator(".kp-fit")).ToContainTextAsync("1,000 draws");
        await PhoneAsync(s, "class-phone-lab");
        await TryAsync(s);
        await Assertions.Expect(s.GetByLabel("Temperature, number")).ToHaveValueAsync("1.50");
        await s.GetByLabel("Temperature, number").FillAsync("0.2");
        await s.GetByLabel("Temperature, number").PressAsync("Tab");
        await Assertions.Expect(s.GetByLabel("Temperature, number")).ToHaveValueAsync("0.20");
        await Assertions.Expect(t.GetByLabel("Temperature, number")).ToHaveValueAsync("1.50");
        await BackAsync(s);

        // Compare: three columns, written once; the token that the teacher opens brings its column to the front.
        await GoAsync(t, "Compare");
        await Assertions.Expect(s.Locator(".kp-compare-cell")).ToHaveCountAsync(3);
        await t.Locator("#compare-seed").FillAsync("3");
        await t.Locator("#compare-seed").PressAsync("Tab");
        var before = await ClassroomPageTests.GeneratedAsync(t);
        await t.GetByRole(AriaRole.Button, new() { Name = "Run all" }).ClickAsync();
        var third = t.Locator(".kp-compare-cell").Nth(2);
        await Assertions.Expect(third).ToContainTextAsync("Done");
        await Assertions.Expect(s.Locator(".kp-compare-cell").Nth(2)).ToContainTextAsync("64 tokens");
        Assert.Equal(192, await ClassroomPageTests.GeneratedAsync(t) - before);
        await third.Locator(".kp-t").Nth(40).ClickAsync();
        await Assertions.Expect(s.Locator(".kp-presented-token")).ToContainTextAsync("Token 41");
        await Assertions.Expect(s.Locator(".kp-compare-segments button").Nth(2)).ToHaveAttributeAsync("aria-pressed", "true");
        await Assertions.Expect(s.GetByRole(AriaRole.Button, new() { Name = "Run column A" })).ToHaveCountAsync(0);
        Assert.Equal(await third.Locator(".kp-tokens").TextContentAsync(), await s.Locator(".kp-compare-cell").Nth(2).Locator(".kp-tokens").TextContentAsync());
        await PhoneAsync(s, "class-phone-compare");
        await TryAsync(s);
        await Assertions.Expect(s.GetByLabel("Prompt", new() { Exact = true })).ToHaveValueAsync("Under this");
        await Assertions.Expect(s.Locator(".kp-compare-cell").First).ToContainTextAsync("64 tokens");
        await BackAsync(s);

        // Score: the text as it is typed, then every token of it.
        await GoAsync(t, "Score");
        await t.GetByLabel("Text to read").FillAsync("The Tenant shall pay the rent. <img src=x onerror='window.hit=1'>");
        await Assertions.Expect(s.Locator(".kp-reading-plain")).ToContainTextAsync("The Tenant shall pay the rent. <img");
        await t.Locator(".kp-main-button").ClickAsync();
        await Assertions.Expect(t.Locator(".kp-reading-text .kp-t").Nth(3)).ToBeVisibleAsync();
        await t.Locator(".kp-reading-text .kp-t").Nth(3).ClickAsync();
        await Assertions.Expect(s.Locator(".kp-read-token")).ToContainTextAsync("Token 4");
        await t.GetByRole(AriaRole.Button, new() { Name = "Rank bands" }).ClickAsync();
        await Assertions.Expect(s.GetByRole(AriaRole.Button, new() { Name = "Rank bands" })).ToHaveAttributeAsync("aria-pressed", "true");
        await PhoneAsync(s, "class-phone-score");
        await s.ReloadAsync();
        await Assertions.Expect(s.Locator(".kp-read-token")).ToContainTextAsync("Token 4");
        await TryAsync(s);
        await Assertions.Expect(s.Locator(".kp-read-token")).ToContainTextAsync("Token 4");
        await Assertions.Expect(s.GetByRole(AriaRole.Button, new() { Name = "Edit the text" })).ToBeVisibleAsync();

        // Where a page cannot be followed, the last one stays.
        await GoAsync(t, "Tokens");
        await Assertions.Expect(t.Locator(".kp-class-bar")).ToContainTextAsync("Score is shown to 1 student");
        await t.GetByRole(AriaRole.Link, new() { Name = "Back to the class" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-read-token")).ToContainTextAsync("Token 4");
        await AppFixture.PictureAsync(t, "class-teacher-presents-score");
        foreach (var page in new[] { teacher, student })
        {
            Assert.Empty(page.Complaints);
            Assert.False(await page.Page.EvaluateAsync<bool>("() => 'hit' in window"));
        }
    }

    private static async Task GoAsync(IPage teacher, string name)
    {
        await teacher.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync();
        await Assertions.Expect(teacher.Locator(".kp-nav .active")).ToHaveTextAsync(name);
    }

    private static async Task TryAsync(IPage student)
    {
        await student.GetByRole(AriaRole.Button, new() { Name = "Try it on your own" }).ClickAsync();
        await Assertions.Expect(student.Locator(".kp-class-bar")).ToContainTextAsync("your own desk");
    }

    private static async Task BackAsync(IPage student)
    {
        await student.GetByRole(AriaRole.Link, new() { Name = "Back to the class" }).ClickAsync();
        await Assertions.Expect(student.Locator(".kp-desk-follow")).ToBeVisibleAsync();
    }

    private static async Task PhoneAsync(IPage student, string name)
    {
        await AppFixture.PictureAsync(student, name);
        Assert.True(await student.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"), "The page scrolls sideways.");
    }
}
