using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Each shipped lesson walked through with the bundled model: every check fails first and passes once its task is done.</summary>
public sealed class LessonPageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    private static readonly Dictionary<string, Func<IPage, Task>[]> Walks = new()
    {
        ["what-it-does"] = [Generate, async page => { await Generate(page); await OpenTokenAsync(page, "[aria-label*=', rank ']:not([aria-label$=', rank 1'])"); }, Answer(1)],
        ["temperature"] = [With("Temperature", "0"), With("Temperature", "2"), Answer(0)],
        ["cuts"] = [With("TopK", "1"), With("TopP", "0.05"), Answer(1)],
        ["same-dice"] =
        [
            async page => { await Generate(page); await Generate(page); },
            async page => { await Generate(page); await With("Temperature", "0.79")(page); },
            Answer(1),
        ],
        ["loops"] =
        [
            With("Temperature", "0"),
            async page => { await page.Locator(".kp-advanced .mud-expand-panel-header").ClickAsync(); await With("NoRepeatNgramSize", "4")(page); },
            Answer(1),
        ],
        ["domain"] =
        [
            async page => { await ScoreAsync(page, 1); await ScoreAsync(page, 2); },
            async page => { await page.Locator("#score-0").FillAsync("York by laws the Agreement of accordance shall State construed zebra governed and New in be This."); await ScoreAsync(page, 1); },
            Answer(1),
        ],
        ["tokens"] = [Write("other"), Write("xqzvkwjpfh"), async page => { await Generate(page); await Write("Governing Law.")(page); await Generate(page); }],
        ["likely-is-not-true"] = [Generate, Answer(1), async page => { await Generate(page); await OpenTokenAsync(page, ".kp-b1"); }],
    };

    public static TheoryData<string> Lessons => [.. Walks.Keys];

    [Theory]
    [MemberData(nameof(Lessons))]
    public async Task Every_check_of_a_lesson_fails_before_its_task_is_done_and_passes_after(string lesson)
    {
        var opened = await fixture.OpenAsync(1600, 900);
        var page = opened.Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Lessons", Exact = true }).ClickAsync();
        await page.Locator($"a[href='lessons/{lesson}']").ClickAsync();
        var panel = page.Locator(".kp-lesson-panel");
        for (var step = 0; step < Walks[lesson].Length; step++)
        {
            await Assertions.Expect(panel).ToContainTextAsync($"step {step + 1} of {Walks[lesson].Length}");
            await CheckAsync(page);
            await Assertions.Expect(panel.Locator(".kp-lesson-no")).Not.ToBeEmptyAsync();
            await Assertions.Expect(panel.Locator(".kp-lesson-passed")).ToHaveCountAsync(0);
            await Walks[lesson][step](page);
            await CheckAsync(page);
            await Assertions.Expect(panel.Locator(".kp-lesson-passed")).ToBeVisibleAsync();
            await AppFixture.PictureAsync(page, $"lesson-{lesson}-{step + 1}");
            if (step + 1 < Walks[lesson].Length)
            {
                await panel.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
            }
        }
        await panel.GetByRole(AriaRole.Link, new() { Name = "All lessons" }).ClickAsync();
        await Assertions.Expect(page.Locator($"a[href='lessons/{lesson}']")).ToContainTextAsync("all done");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_prepared_run_opens_at_once_and_passes_no_check()
    {
        var opened = await fixture.OpenAsync(1600, 900);
        var page = opened.Page;
        await page.GotoAsync("/lessons/loops");
        await page.InteractiveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Prepared run" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-tokens").First).ToContainTextAsync("the amount of the amount of");
        await CheckAsync(page);
        await Assertions.Expect(page.Locator(".kp-lesson-no")).ToContainTextAsync("Generate first.");
        await AppFixture.PictureAsync(page, "lesson-prepared");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_prepared_run_is_shown_from_its_beginning_also_where_it_has_no_room()
    {
        var opened = await fixture.OpenAsync(1440, 860);
        var page = opened.Page;
        await page.GotoAsync("/lessons/likely-is-not-true");
        await page.InteractiveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Prepared run" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-tokens[aria-busy=false]")).ToHaveCountAsync(5);
        // Two frames: the text is followed in the next one.
        await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        var places = await page.EvaluateAsync<double[][]>("() => [...document.querySelectorAll('.kp-card-body')].map(body => [body.scrollTop, body.scrollHeight - body.clientHeight])");
        Assert.Contains(places, place => place[1] > 0);
        Assert.All(places, place => Assert.Equal(0, place[0]));
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_class_does_a_lesson_at_the_teachers_pace()
    {
        var teacher = await fixture.OpenAsync(1920, 1080);
        var t = teacher.Page;
        await t.GetByRole(AriaRole.Link, new() { Name = "Classroom", Exact = true }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Open a room" }).ClickAsync();
        await t.Locator(".kp-rail-code").WaitForAsync();
        var student = await fixture.OpenAsync(1280, 800);
        var s = student.Page;
        await s.GotoAsync("/join/" + t.Url.Split('/')[^1]);
        await Assertions.Expect(s.GetByRole(AriaRole.Button, new() { Name = "Join" })).ToBeEnabledAsync();
        await s.GetByRole(AriaRole.Button, new() { Name = "Join" }).ClickAsync();
        await s.Locator(".kp-desk").WaitForAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "Lesson", Exact = true }).ClickAsync();
        await t.GetByRole(AriaRole.Button, new() { Name = "What a language model does" }).ClickAsync();
        await Assertions.Expect(s.Locator(".kp-lesson-panel")).ToContainTextAsync("step 1 of 3");
        await Assertions.Expect(t.Locator(".kp-lesson-done")).ToContainTextAsync("0 of 1");
        await s.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await Assertions.Expect(t.Locator(".kp-lesson-done")).ToContainTextAsync("1 of 1");
        await AppFixture.PictureAsync(t, "lesson-class-teacher");
        await AppFixture.PictureAsync(s, "lesson-class-student");
        await t.Keyboard.PressAsync("n");
        await Assertions.Expect(s.Locator(".kp-lesson-panel")).ToContainTextAsync("step 2 of 3");
        Assert.Empty(teacher.Complaints);
        Assert.Empty(student.Complaints);
    }

    private static Task CheckAsync(IPage page) => page.Locator(".kp-lesson-panel").GetByRole(AriaRole.Button, new() { Name = "Check" }).ClickAsync();

    private static async Task Generate(IPage page)
    {
        // A run that has ended looks like one that is about to begin.
        var clear = page.GetByLabel("Clear the continuations");
        if (await clear.CountAsync() > 0)
        {
            await clear.ClickAsync();
            await Assertions.Expect(page.Locator(".kp-card")).ToHaveCountAsync(0);
        }
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-card").First).ToContainTextAsync("Done");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Generate" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".kp-tokens").First).ToHaveAttributeAsync("aria-busy", "false");
    }

    private static Func<IPage, Task> With(string field, string value) => async page =>
    {
        await page.Locator($"#knob-{field}").FillAsync(value);
        await page.Locator($"#knob-{field}").PressAsync("Tab");
        await Generate(page);
    };

    private static Func<IPage, Task> Write(string prompt) => async page =>
    {
        await page.GetByLabel("Prompt", new() { Exact = true }).FillAsync(prompt);
        // The editor tells its text when it is left.
        await page.GetByLabel("Prompt", new() { Exact = true }).BlurAsync();
    };

    private static Func<IPage, Task> Answer(int right) => async page =>
    {
        var options = page.Locator(".kp-lesson-options input");
        await options.Nth(right == 0 ? 1 : 0).CheckAsync();
        await CheckAsync(page);
        await Assertions.Expect(page.Locator(".kp-lesson-no")).ToContainTextAsync("Not this one");
        await options.Nth(right).CheckAsync();
    };

    private static async Task OpenTokenAsync(IPage page, string tokens)
    {
        await page.Locator(".kp-tokens").Locator(tokens).First.ClickAsync();
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("rank");
    }

    private static async Task ScoreAsync(IPage page, int number)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = $"Score text {number}" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-score-bench section").Nth(number - 1)).ToContainTextAsync("bits per byte");
    }
}
