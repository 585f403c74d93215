using Bunit;
using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Layout;
using Kl3m.Playground.Components.Pages.About;
using Kl3m.Playground.Components.Pages.Compare;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Pages.Score;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Tests.Components.Shared;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using MudBlazor.Services;

namespace Kl3m.Playground.Tests.Components.Shell;

public sealed class PageTests : BunitContext
{
    private readonly BackendCatalogue catalogue = new();
    private readonly FakeTimeProvider time = new();

    public PageTests()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddMudServices();
        Services.AddSingleton(catalogue);
        Services.AddSingleton<TimeProvider>(time);
        Services.AddScoped<ChosenModel>();
        Services.AddScoped<Shortcuts>();
        Services.AddSingleton<IConfiguration>(new ConfigurationManager());
        Services.AddRuns();
        Services.AddScoped<PlaygroundState>();
        Services.AddScoped<LabState>();
        Services.AddScoped<ScoreState>();
        Services.AddScoped<CompareState>();
        Services.AddScoped<Kl3m.Playground.Components.Pages.Score.ScoreState>();
        Services.AddScoped<BrowserStorage>();
        Services.AddScoped<RecentRuns>();
        Services.AddScoped<OwnPresets>();
        Kl3m.Playground.Classroom.ClassroomSetup.AddClassroom(Services);
    }

    private PlaygroundState State => Services.GetRequiredService<PlaygroundState>();

    [Fact]
    public async Task Branches_side_by_side_are_named_by_the_model_that_wrote_them_also_once_it_is_unloaded()
    {
        catalogue.Ready(new FakeTextGenerator());
        await State.GenerateAsync();
        catalogue.Remove(catalogue.Default!);
        var tree = Render<BranchTree>();
        tree.FindAll(".kp-leaf-letter")[0].Click();
        tree.FindAll(".kp-leaf-letter")[1].Click();
        Assert.Equal("fake", tree.FindComponent<LeafPair>().Instance.Generator?.Model.Id);
    }

    [Fact]
    public void A_typed_value_out_of_range_stands_at_its_field_and_one_click_mends_it()
    {
        var panel = Render<SamplingPanel>();
        panel.Find("#knob-TopP").Change("1.5");
        Assert.Equal("1.50", panel.Find("#knob-TopP").GetAttribute("value"));
        Assert.Equal("true", panel.Find("#knob-TopP").GetAttribute("aria-invalid"));
        panel.Find(".kp-problem button").Click();
        Assert.Equal(1, State.Sampling.TopP);
        Assert.Empty(panel.FindAll(".kp-problem"));
    }

    [Fact]
    public void A_dragged_slider_is_followed_by_its_knob_at_once_and_by_the_page_after_a_moment()
    {
        var panel = Render<SamplingPanel>();
        var slider = panel.Find("input[type=range][aria-label='Temperature']");
        slider.Input("20");
        slider.Input("30");
        Assert.Equal("1.50", panel.Find("#knob-Temperature").GetAttribute("value"));
        Assert.Equal(0.5f, State.Sampling.Temperature);
        time.Advance(TimeSpan.FromMilliseconds(50));
        panel.WaitForAssertion(() => Assert.Equal(1.5f, State.Sampling.Temperature));
        Assert.Equal("wild", panel.Find("[aria-label='Temperature'] .kp-zone-here").TextContent);
    }

    [Fact]
    public void Neutralise_all_leaves_nothing_to_reset_but_length_and_number()
    {
        var panel = Render<SamplingPanel>();
        Assert.NotEmpty(panel.FindAll(".kp-reset"));
        panel.FindAll("button").Single(button => button.TextContent.Contains("Neutralise", StringComparison.Ordinal)).Click();
        Assert.Empty(panel.FindAll(".kp-reset"));
        Assert.Equal((1f, 0), (State.Sampling.Temperature, State.Sampling.TopK));
    }

    [Fact]
    public async Task The_closed_advanced_panel_tells_what_is_not_usual()
    {
        var panel = Render<SamplingPanel>();
        Assert.StartsWith("All off", panel.Find(".kp-advanced-summary").TextContent, StringComparison.Ordinal);
        await panel.InvokeAsync(() => State.Change(sampling => sampling with { MinP = 0.06f, Stop = ["\n"], StopAtEnd = false }));
        Assert.Equal("Min-p 0.06, 1 stop text. Goes on past <|end|>.", panel.Find(".kp-advanced-summary").TextContent);
    }

    [Fact]
    public async Task Every_field_has_a_label()
    {
        catalogue.Ready(new FakeTextGenerator());
        var page = Render<PlaygroundPage>();
        await page.InvokeAsync(() => State.GenerateAsync());
        Assert.All(page.FindAll("input, textarea, select"), field => Assert.True(
            field.HasAttribute("aria-label") || page.FindAll($"label[for='{field.Id}']").Count == 1 || field.Closest("label") is not null, field.OuterHtml));
        Assert.All(page.FindAll("button"), button => Assert.True(button.HasAttribute("aria-label") || button.TextContent.Trim().Length > 0, button.OuterHtml));
    }

    [Fact]
    public async Task The_one_button_is_generate_and_while_a_run_goes_on_stop()
    {
        var generator = new HeldGenerator();
        catalogue.Ready(generator);
        var page = Render<PlaygroundPage>();
        Assert.StartsWith("Generate", page.Find(".kp-generate").TextContent.Trim(), StringComparison.Ordinal);
        page.Find(".kp-generate").Click();
        page.WaitForAssertion(() => Assert.StartsWith("Stop", page.Find(".kp-generate").TextContent.Trim(), StringComparison.Ordinal));
        await page.InvokeAsync(() => Services.GetRequiredService<Shortcuts>().Press(Shortcuts.Escape));
        page.WaitForAssertion(() => Assert.StartsWith("Generate", page.Find(".kp-generate").TextContent.Trim(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_preset_fills_prompt_and_settings()
    {
        catalogue.Ready(new FakeTextGenerator());
        var page = Render<PlaygroundPage>();
        page.FindAll(".kp-presets button").Single(chip => chip.TextContent == "Medical devices").Click();
        Assert.Equal("Medical devices are regulated by", State.Prompt);
        Assert.Equal("0.30", page.Find("#knob-Temperature").GetAttribute("value"));
        Assert.Equal("Medical devices", page.Find(".kp-presets [aria-pressed=true]").TextContent);
    }

    [Fact]
    public async Task What_was_typed_reaches_the_state_and_is_never_written_back_by_the_server()
    {
        var editor = Render<PromptEditor>();
        await editor.InvokeAsync(() => editor.FindComponent<PromptField>().Instance.OnTyped("My own words"));
        Assert.Equal("My own words", State.Prompt);
        Assert.Equal("Under this", editor.Find("textarea").TextContent);
        Assert.DoesNotContain(JSInterop.Invocations, call => call.Identifier == "set");
    }

    [Fact]
    public async Task Loading_and_its_failure_are_told_and_the_page_stays_usable()
    {
        var page = Render<PlaygroundPage>();
        var chip = Render<ModelChip>();
        Assert.Contains("starting", chip.Find(".kp-model-state").TextContent, StringComparison.Ordinal);
        catalogue.Loading(LoadPhase.Reading, 0.45);
        page.WaitForAssertion(() => Assert.Contains("The model is reading 45%", page.Markup, StringComparison.Ordinal));
        catalogue.Failed("config.json is missing.");
        page.WaitForAssertion(() => Assert.Contains("config.json is missing.", page.Markup, StringComparison.Ordinal));
        chip.WaitForAssertion(() => Assert.Equal("failed", chip.Find(".kp-model-state").TextContent));
        Assert.True(page.Find(".kp-generate").HasAttribute("disabled"));
        await page.InvokeAsync(() => State.Type("still here"));
        catalogue.Ready(new FakeTextGenerator());
        page.WaitForAssertion(() => Assert.False(page.Find(".kp-generate").HasAttribute("disabled")));
        Assert.Equal("still here", State.Prompt);
    }

    [Fact]
    public async Task A_full_line_shows_its_countdown_and_try_now_asks_at_once()
    {
        var generator = new HeldGenerator { Refusal = new EngineBusyException(64, TimeSpan.FromSeconds(9)) };
        catalogue.Ready(generator);
        var page = Render<PlaygroundPage>();
        await page.InvokeAsync(State.GenerateAsync);
        page.WaitForAssertion(() => Assert.Contains("Trying again in 9 s", page.Markup, StringComparison.Ordinal));
        page.FindAll("button").Single(button => button.TextContent == "Try now").Click();
        page.WaitForAssertion(() => Assert.Equal(2, generator.Requests.Count));
    }

    [Fact]
    public void What_is_no_seed_is_told_with_the_one_that_holds_until_there_is_another()
    {
        var field = Render<SeedField>();
        var before = State.Sampling.Seed;
        field.Find("#knob-Seed").Change("");
        Assert.Contains($"Until then {before} holds", field.Find(".kp-problem").TextContent, StringComparison.Ordinal);
        field.InvokeAsync(() => State.Change(sampling => sampling with { Seed = before + 1 }));
        Assert.Empty(field.FindAll(".kp-problem"));

        var compare = Services.GetRequiredService<CompareState>();
        var bar = Render<CompareBar>();
        bar.Find("#compare-seed").Change("");
        Assert.Contains($"Until then {compare.Seed} holds", bar.Find(".kp-problem").TextContent, StringComparison.Ordinal);
        bar.InvokeAsync(() => compare.SetSeed(compare.Seed + 1));
        Assert.Empty(bar.FindAll(".kp-problem"));
    }

    [Fact]
    public async Task A_run_is_kept_in_the_browser_once_and_under_its_own_prompt()
    {
        Services.AddScoped(_ => new BrowserStorage(new FakeStorage()));
        var recent = Services.GetRequiredService<RecentRuns>();
        catalogue.Ready(new FakeTextGenerator());
        var page = Render<PlaygroundPage>();
        await page.InvokeAsync(State.GenerateAsync);
        page.WaitForAssertion(() => Assert.Single(recent.All!));
        await page.InvokeAsync(() => State.Type("Something else"));
        await page.InvokeAsync(State.GenerateAsync);
        page.WaitForAssertion(() => Assert.Equal(2, recent.All!.Count));
        await page.InvokeAsync(() => State.Type("Not run"));
        await page.InvokeAsync(() => { State.Undo(); State.Undo(); });
        await page.InvokeAsync(() => { State.Redo(); State.Redo(); });
        // Branches are runs of their own; what was opened is not, but a branch of it is.
        await page.InvokeAsync(() => State.TakeRankAsync(new(0, 1), State.Run!.Find(new(0, 1))!.Score.Rank == 1 ? 2 : 1));
        page.WaitForAssertion(() => Assert.Equal(["Something else", "Something else", "Under this"], recent.All!.Select(entry => entry.Title)));
        var opened = await page.InvokeAsync(() => recent.OpenAsync(recent.All![^1]));
        await page.InvokeAsync(() => State.Show(opened));
        Assert.Equal(3, recent.All!.Count);
        await page.InvokeAsync(() => State.TakeRankAsync(new(0, 1), State.Run!.Find(new(0, 1))!.Score.Rank == 1 ? 2 : 1));
        page.WaitForAssertion(() => Assert.Equal(4, recent.All!.Count));
    }

    [Fact]
    public async Task Branches_that_lie_side_by_side_outlive_their_model()
    {
        var generator = new FakeTextGenerator();
        catalogue.Ready(generator);
        var page = Render<PlaygroundPage>();
        await page.InvokeAsync(State.GenerateAsync);
        page.FindAll("button").Single(button => button.TextContent == "Tree").Click();
        page.FindAll(".kp-leaf-letter")[0].Click();
        page.FindAll(".kp-leaf-letter")[1].Click();
        Assert.Equal(2, page.FindAll(".kp-pair-side").Count);
        catalogue.Remove(generator);
        page.WaitForAssertion(() => Assert.Contains("No model is loaded", page.Markup, StringComparison.Ordinal));
        Assert.Equal(2, page.FindAll(".kp-pair-side").Count);
    }

    [Fact]
    public async Task A_text_that_stands_still_behind_a_surprise_outlives_its_model()
    {
        var generator = new FakeTextGenerator();
        catalogue.Ready(generator);
        var page = Render<PlaygroundPage>();
        State.Pace.SurprisalBits = 0.01;
        await page.InvokeAsync(() => { _ = State.StepAsync(); });
        await page.InvokeAsync(() => { _ = State.PlayAsync(); });
        // The page looks at what is written once a tick, and the clock stands still.
        await TestWait.UntilAsync(() => State.Pace.StoppedAt is not null);
        time.Advance(PlaygroundState.Tick);
        page.WaitForAssertion(() => Assert.Contains("Stopped behind", page.Find(".kp-pace-words").TextContent, StringComparison.Ordinal));
        catalogue.Remove(generator);
        page.WaitForAssertion(() => Assert.Contains("No model is loaded", page.Markup, StringComparison.Ordinal));
        Assert.Contains("Stopped behind", page.Find(".kp-pace-words").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void About_shows_the_running_model_and_its_card_without_the_head()
    {
        catalogue.Ready(new FakeTextGenerator());
        var about = Render<AboutPage>();
        Assert.Contains("cc-by-4.0", about.Find(".kp-about-card").TextContent, StringComparison.Ordinal);
        Assert.Equal("A model for tests.", about.Find(".kp-markdown p").TextContent);
        Assert.DoesNotContain("license:", about.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void The_help_lists_keys_and_glossary()
    {
        var layout = Render<MainLayout>();
        layout.Find("button[aria-label='Keys and glossary']").Click();
        layout.WaitForAssertion(() => Assert.Contains(layout.FindAll(".kp-glossary dt"), term => term.TextContent == "surprisal"));
    }

    [Fact]
    public async Task The_comparison_shows_columns_settings_that_differ_and_their_figures()
    {
        catalogue.Ready(new FakeTextGenerator());
        var page = Render<ComparePage>();
        Assert.Equal(3, page.FindAll(".kp-compare-cell").Count);
        Assert.Equal("Temperature", page.Find(".kp-differs [role=rowheader]").TextContent);
        Assert.Equal(["0.30", "0.70", "1.20"], page.FindAll(".kp-differs [role=cell]").Select(cell => cell.TextContent.Trim()));
        await page.InvokeAsync(() => Services.GetRequiredService<CompareState>().RunAllAsync());
        page.WaitForAssertion(() => Assert.Contains("64 tokens", page.Find(".kp-compare-cell").TextContent, StringComparison.Ordinal));
        Assert.Contains("mean surprisal", page.Markup, StringComparison.Ordinal);
        page.Find("button[aria-label='Settings of column B']").Click();
        Assert.NotNull(page.Find("aside[aria-label='Settings of the columns']"));
        Assert.All(page.FindAll("button"), button => Assert.True(button.HasAttribute("aria-label") || button.TextContent.Trim().Length > 0, button.OuterHtml));
    }
}
