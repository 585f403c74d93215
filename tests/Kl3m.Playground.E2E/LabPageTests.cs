using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>The lab in real Chromium, and what holds of every page that it is opened from.</summary>
public sealed class LabPageTests(AppFixture fixture) : IClassFixture<AppFixture>
{
    [Fact]
    public async Task Keys_alone_open_a_token_in_the_lab_slide_draw_and_walk_on()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.WriteAsync();
        await page.Locator(".kp-tokens [tabindex='0']").First.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("l");
        await Assertions.Expect(page.Locator(".kp-strip")).ToBeVisibleAsync();

        var slider = page.GetByRole(AriaRole.Slider, new() { Name = "Top-k" });
        await slider.FocusAsync();
        await page.Keyboard.PressAsync("Home");
        await Assertions.Expect(Foot(page, "TopK")).ToHaveTextAsync("1");
        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(Foot(page, "TopK")).ToHaveTextAsync("2");
        await Assertions.Expect(page.Locator(".kp-cut-cell").First).ToContainTextAsync("cut: rank 3 > 2");

        await page.GetByRole(AriaRole.Button, new() { Name = "Draw ×1,000" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".kp-tick").First).ToBeAttachedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Run's settings" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(Foot(page, "TopK")).ToHaveTextAsync("50");

        await page.GetByRole(AriaRole.Button, new() { Name = "Next position" }).FocusAsync();
        var where = page.Locator(".kp-lab-where");
        var before = await where.TextContentAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(where).Not.ToHaveTextAsync(before!);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_slider_moves_the_strip_soon_and_nothing_else_moves()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.WriteAsync(temperature: "1.2");
        await page.Locator(".kp-tokens").First.Locator(".kp-t").Nth(6).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Open in Lab" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-strip")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Draw ×1,000" }).ClickAsync();
        await page.Locator(".kp-tick").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await WatchShiftsAsync(page);
        // From the event to the frame behind the change of the strip's own numbers, in the browser's clock.
        var times = await page.EvaluateAsync<double[]>("""
            async () => {
              const slider = document.querySelector('input[type=range][data-stage=Temperature]');
              const foot = document.querySelector('[data-stage=Temperature].kp-strip-foot');
              const times = [];
              // The first twenty warm the server's code, which is compiled as it goes.
              for (let i = 0; i < 120; i++) {
                const seen = new Promise(done => {
                  const observer = new MutationObserver(() => { observer.disconnect(); requestAnimationFrame(() => done(performance.now())); });
                  observer.observe(foot, { childList: true, characterData: true, subtree: true });
                });
                const start = performance.now();
                slider.value = String(8 + (i * 7) % 27);
                slider.dispatchEvent(new Event('input', { bubbles: true }));
                const took = await seen - start;
                if (i >= 20) {
                  times.push(took);
                }
              }
              return times.sort((a, b) => a - b);
            }
            """);
        TestContext.Current.SendDiagnosticMessage($"slider to strip: median {times[50]:F0} ms, p95 {times[94]:F0} ms, most {times[99]:F0} ms");
        await File.WriteAllTextAsync(Path.Combine(AppContext.BaseDirectory, "slider-to-strip.txt"), $"median {times[50]:F1} ms, p95 {times[94]:F1} ms, most {times[99]:F1} ms\n", TestContext.Current.CancellationToken);
        // On a quiet machine 95 of 100 are within 50 ms; a crowded one gets what it needs.
        Assert.InRange(times[94], 0, 1000);
        Assert.Empty(await page.EvaluateAsync<string[]>("() => window.moved"));
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_pop_over_and_the_inspector_shift_no_text()
    {
        var opened = await fixture.OpenAsync(1200, 900);
        var page = opened.Page;
        await page.WriteAsync();
        await WatchShiftsAsync(page);
        await page.Locator(".kp-tokens").First.Locator(".kp-t").Nth(3).HoverAsync();
        await Assertions.Expect(page.Locator(".kp-tip")).ToBeVisibleAsync();
        await page.Locator(".kp-tokens").First.Locator(".kp-t").Nth(3).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("surprisal");
        await page.Keyboard.PressAsync("Escape");
        // Menus, glossary and dialogs lie over the page too.
        foreach (var (name, seen) in new[] { ("Recent runs", ".mud-popover-open"), ("Save what was written", ".mud-popover-open"), ("Keys and glossary", ".mud-dialog-container") })
        {
            await page.GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
            await Assertions.Expect(page.Locator(seen)).ToBeVisibleAsync();
            // A dialog takes the focus a moment after it is drawn; a menu leaves it on its button.
            await page.WaitForFunctionAsync("seen => document.activeElement.ariaExpanded === 'true' || document.activeElement.closest(seen)", seen);
            await page.Keyboard.PressAsync("Escape");
            await Assertions.Expect(page.Locator(seen)).ToHaveCountAsync(0);
        }
        await page.Locator(".kp-card-foot .kp-term").First.HoverAsync();
        await Assertions.Expect(page.Locator(".kp-term-tip")).ToBeVisibleAsync();
        Assert.Empty(await page.EvaluateAsync<string[]>("() => window.moved"));
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task Beside_three_columns_the_inspector_leaves_the_text_at_its_height()
    {
        var page = (await fixture.OpenAsync(1440, 900)).Page;
        await page.WriteAsync();
        var tokens = page.Locator(".kp-tokens").First;
        var before = await tokens.BoundingBoxAsync();
        await tokens.Locator(".kp-t").Nth(3).ClickAsync();
        await Assertions.Expect(page.GetByLabel("Token inspector")).ToContainTextAsync("surprisal");
        Assert.Equal(before!.Y, (await tokens.BoundingBoxAsync())!.Y);
    }

    [Theory]
    [InlineData(1440, 900)]
    [InlineData(1920, 1080)]
    public async Task On_a_projector_all_stages_of_the_lab_are_in_sight(int width, int height)
    {
        var page = (await fixture.OpenAsync(width, height)).Page;
        await page.GetByRole(AriaRole.Link, new() { Name = "Lab", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Read, and draw one token" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Draw ×1,000" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Presentation mode" }).First.ClickAsync();
        await Assertions.Expect(page.Locator("html")).ToHaveAttributeAsync("data-mode", "presentation");
        // A table's rounded columns may be a pixel wider than their frame.
        await page.WaitForFunctionAsync("() => { const frame = document.querySelector('.kp-strip-frame'); return frame.scrollWidth <= frame.clientWidth + 1; }");
    }

    [Fact]
    public async Task With_reduced_motion_nothing_glides_or_turns()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        await page.WriteAsync();
        await page.Locator(".kp-tokens").First.Locator(".kp-t").Nth(3).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Open in Lab" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-strip")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Draw ×1,000" }).ClickAsync();
        await page.Locator(".kp-tick").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        Assert.Empty(await page.EvaluateAsync<string[]>("""
            () => [...document.querySelectorAll('main *')].filter(one => {
              const style = getComputedStyle(one);
              const lasts = times => times.split(',').some(time => parseFloat(time) * (time.trim().endsWith('ms') ? 1 : 1000) > 1);
              return lasts(style.transitionDuration) || (style.animationName !== 'none' && lasts(style.animationDuration));
            }).map(one => `${one.tagName} ${one.className}`)
            """));
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_link_brings_a_position_with_what_is_tried_on_it_to_another_browser()
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        await page.WriteAsync(temperature: "1.2");
        await page.Locator(".kp-tokens").Nth(1).Locator(".kp-t").Nth(5).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Open in Lab" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-strip")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Spinbutton, new() { Name = "Top-k, number" }).FillAsync("7");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(Foot(page, "TopK")).ToHaveTextAsync("7");
        var strip = await page.Locator(".kp-strip tbody").InnerTextAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy link" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Link copied")).ToBeVisibleAsync();
        var address = await page.EvaluateAsync<string>("() => navigator.clipboard.readText()");

        var other = await fixture.OpenAsync();
        await other.Page.GotoAsync(address);
        await other.Page.InteractiveAsync();
        await Assertions.Expect(Foot(other.Page, "TopK")).ToHaveTextAsync("7");
        await Assertions.Expect(other.Page.Locator(".kp-lab-where")).ToContainTextAsync("token 6");
        Assert.Equal(strip, await other.Page.Locator(".kp-strip tbody").InnerTextAsync());
        Assert.Empty(opened.Complaints);
        Assert.Empty(other.Complaints);
    }

    [Theory]
    [InlineData("/lab", ".kp-lab")]
    [InlineData("/score", ".kp-score")]
    public async Task Hostile_fragments_are_refused_in_words_and_execute_nothing(string path, string root)
    {
        var opened = await fixture.OpenAsync();
        var page = opened.Page;
        string[] fragments =
        [
            "prompt=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E&written=1%2Cx&context=no&temperature=%3Cscript%3Ewindow.hit%3D1%3C%2Fscript%3E",
            "prompt=%E2%80%AEx%00%D8%00&%3Cscript%3E=window.hit&stride=-1&sequence=-1&model=javascript%3Awindow.hit%3D1&written=1",
            "prompt=x&written=" + string.Join("%2C", Enumerable.Range(0, 5_000)) + "&behind_end=" + new string('%', 5_000),
        ];
        foreach (var fragment in fragments)
        {
            await page.GotoAsync("about:blank");
            await page.GotoAsync(path + "#" + fragment);
            await page.InteractiveAsync();
            await Assertions.Expect(page.Locator(".kp-kept-notices")).ToContainTextAsync("In the link,");
            await Assertions.Expect(page.Locator(root)).ToBeVisibleAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Dismiss" }).ClickAsync();
            await Assertions.Expect(page.Locator(".kp-kept-notices")).ToHaveCountAsync(0);
            Assert.False(await page.EvaluateAsync<bool>("() => 'hit' in window"));
        }
        Assert.Empty(opened.Complaints);
    }

    [Theory]
    [InlineData("lab-wide", 1440, 900, ColorScheme.Light)]
    [InlineData("lab-narrow", 1024, 768, ColorScheme.Dark)]
    [InlineData("lab-phone", 390, 844, ColorScheme.Light)]
    public async Task The_lab_reads_hostile_prompts_of_ones_own_at_every_width(string name, int width, int height, ColorScheme scheme)
    {
        var opened = await fixture.OpenAsync(width, height, scheme);
        var page = opened.Page;
        await page.GotoAsync("/lab");
        await page.InteractiveAsync();
        string[] prompts = ["<script>window.hit = 1</script><img src=x onerror='window.hit = 1'>", "\u202Eright to left\u202C \u0007 \u001b[2J", new string('[', 900), "\uD83D\uDE00 é \u0301\u0301 Governing Law. "];
        foreach (var prompt in prompts)
        {
            if (await page.GetByLabel("Prompt").CountAsync() == 0)
            {
                await page.GetByRole(AriaRole.Button, new() { Name = "Own prompt" }).ClickAsync();
            }
            await page.GetByLabel("Prompt").FillAsync(prompt);
            await page.GetByLabel("Prompt").PressAsync("Enter");
            await Assertions.Expect(page.GetByLabel("Prompt")).ToHaveCountAsync(0);
            await Assertions.Expect(page.Locator(".kp-strip")).ToBeVisibleAsync();
            await Assertions.Expect(page.Locator(".kp-lab-where")).Not.ToContainTextAsync("Reading");
            Assert.False(await page.EvaluateAsync<bool>("() => 'hit' in window"));
        }
        await page.GetByRole(AriaRole.Button, new() { Name = "Write 8" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-forks")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Write one more token" }).ClickAsync();
        await Assertions.Expect(page.Locator(".kp-lab-where")).ToContainTextAsync("token 2");
        await AppFixture.PictureAsync(page, name);
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= window.innerWidth"), "The page scrolls sideways.");
        Assert.Empty(opened.Complaints);
    }

    /// <summary>
    /// Collects elements that change their place without having to; bars and the ruler's stretches are meant to. A pop-over waits outside of the
    /// window for its place: what had no area before has appeared and not moved.
    /// </summary>
    private static async Task WatchShiftsAsync(IPage page) => await page.EvaluateAsync("() => { window.moved = []; new PerformanceObserver(list => list.getEntries().forEach(entry => entry.sources.forEach(({ node, previousRect }) => { if (node?.nodeType === 1 && previousRect.width > 0 && !node.closest('.kp-ruler, .kp-picture')) { window.moved.push(`${node.tagName} ${node.className} in ${node.parentElement?.className}: ${node.textContent.slice(0, 40)}`); } }))).observe({ type: 'layout-shift', buffered: false }); }");

    private static ILocator Foot(IPage page, string stage) => page.Locator($".kp-strip-foot[data-stage={stage}] b");
}
