using Bunit;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class RunViewTests : ComponentContext
{
    [Fact]
    public void Without_a_run_it_says_what_a_base_model_does()
    {
        var view = Render<RunView>(parameters => parameters.Add(page => page.Presets, "<button>Governing Law.</button>"));
        Assert.Equal("A base model continues text. It does not answer.", view.Find("h2").TextContent);
        Assert.Equal("Governing Law.", view.Find("button").TextContent);
    }

    [Fact]
    public async Task A_finished_run_says_how_fast_how_many_and_how_surprising()
    {
        var view = Show(await TestRun.WholeAsync(sequences: 3, maxTokens: 20));
        Assert.Equal("Three continuations", view.Find("h2").TextContent);
        Assert.Equal("983 tokens/s · first token after 5 ms", Words(view.Find(".kp-run-speed")));
        Assert.Equal(3, view.FindAll("article").Count);
        Assert.All(view.FindAll(".kp-card-head"), head => Assert.Matches("^[123] Done 20 tokens$", Words(head)));
        // The names of the two numbers are buttons of the glossary.
        Assert.All(view.FindAll(".kp-card-foot"), foot => Assert.Matches(@"^\d+\.\d\d \d\.\d\d", Words(foot)));
        Assert.Equal(60, view.FindAll(".kp-key-count").Sum(count => int.Parse(count.TextContent, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Contains("Likely is not true.", view.Find(".kp-hint").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_running_one_shows_its_progress_in_words_and_bar()
    {
        var run = TestRun.New(sequences: 2, maxTokens: 160);
        var view = Show(run);
        Assert.Equal("1 Waiting", Words(view.Find(".kp-card-head")));
        run.Record(new PromptProgress(1204, 3980));
        Refresh(view, run);
        Assert.Equal("1 Reading the prompt 1,204 of 3,980", Words(view.Find(".kp-card-head")));
        run.Record(TestRun.Letter(0, 'a'));
        run.Record(TestRun.Letter(1, 'b'));
        Refresh(view, run);
        Assert.Equal("1 Writing 2 / 160", Words(view.Find(".kp-card-head")));
        Assert.Equal("1", view.Find("[role=progressbar]").GetAttribute("aria-valuenow"));
        Assert.Empty(view.FindAll("[aria-live], [role=status] [data-tokens]"));
    }

    [Fact]
    public void Who_waits_sees_the_place_and_the_time_and_can_leave()
    {
        var run = TestRun.New();
        var left = false;
        var view = Show(run, more => more.Add(page => page.OnStop, () => left = true));
        Assert.Empty(view.FindAll(".kp-state"));
        run.Record(new GenerationQueued(4, TimeSpan.FromSeconds(150)));
        Refresh(view, run);
        Assert.StartsWith("You are 4th in line, about 3 min", Words(view.Find(".kp-state")), StringComparison.Ordinal);
        run.Record(new GenerationQueued(1, null));
        Refresh(view, run);
        Assert.StartsWith("You are next in line Everyone", Words(view.Find(".kp-state")), StringComparison.Ordinal);
        view.FindAll("button").Single(button => button.TextContent == "Leave the line").Click();
        Assert.True(left);
        run.Record(new PromptProgress(0, 10));
        Refresh(view, run);
        Assert.Empty(view.FindAll(".kp-state"));
    }

    [Fact]
    public void A_failed_run_keeps_its_text_and_offers_to_go_on()
    {
        var run = TestRun.New(sequences: 2);
        run.Record(TestRun.Letter(0, 'a'));
        run.Record(TestRun.Letter(1, 'b'));
        run.Record(new SequenceFinished(1, FinishReason.Length));
        run.Fail(new EngineFailedException("out of memory"));
        var continued = -1;
        var view = Show(run, more => more.Add(page => page.OnContinue, sequence => continued = sequence));
        Assert.Equal("1 Failed after 2 tokens", Words(view.FindAll(".kp-card-head")[0]));
        Assert.StartsWith("2 Done", Words(view.FindAll(".kp-card-head")[1]), StringComparison.Ordinal);
        var notice = view.Find("[role=alert]");
        Assert.Contains("The 2 tokens above are kept.", Words(notice), StringComparison.Ordinal);
        notice.QuerySelector("button")!.Click();
        Assert.Equal(0, continued);
    }

    [Fact]
    public void A_stopped_run_says_where()
    {
        var run = TestRun.New();
        run.Record(TestRun.Letter(0, 'a'));
        run.Cancel();
        Assert.Equal("1 Stopped after 1 token", Words(Show(run).Find(".kp-card-head")));
    }

    [Fact]
    public void A_full_line_says_how_full_and_offers_to_try_again()
    {
        var run = TestRun.New();
        run.Fail(new EngineBusyException(64, TimeSpan.FromSeconds(9)));
        var again = false;
        var view = Show(run, more => more.Add(page => page.OnRetry, () => again = true));
        Assert.Contains("The line is full (64 waiting)", view.Markup, StringComparison.Ordinal);
        view.FindAll("button").Single(button => button.TextContent == "Try now").Click();
        Assert.True(again);
    }

    [Fact]
    public void An_unforeseen_error_does_not_show_its_insides()
    {
        var run = TestRun.New();
        run.Fail(new InvalidOperationException("secret path"));
        Assert.DoesNotContain("secret path", Show(run).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_legend_is_the_filter()
    {
        var view = Show(await TestRun.WholeAsync());
        Assert.All(view.FindAll(".kp-key"), key => Assert.Equal("false", key.GetAttribute("aria-pressed")));
        view.FindAll(".kp-key")[3].Click();
        view.FindAll(".kp-key")[4].Click();
        Assert.Equal(["false", "false", "false", "true", "true"], view.FindAll(".kp-key").Select(key => key.GetAttribute("aria-pressed")!));
        Assert.Equal("kp-run kp-off-1 kp-off-2 kp-off-3", view.Find("section").ClassName);
        foreach (var bin in Enumerable.Range(0, 3))
        {
            view.FindAll(".kp-key")[bin].Click();
        }
        Assert.Equal("kp-run", view.Find("section").ClassName!.Trim());
        Assert.All(view.FindAll(".kp-key"), key => Assert.Equal("false", key.GetAttribute("aria-pressed")));
    }

    [Fact]
    public async Task The_tint_can_stand_for_rank()
    {
        var view = Show(await TestRun.WholeAsync());
        view.Find("select").Change("Rank");
        Assert.Equal("1st the favourite", Words(view.Find(".kp-key-words")));
        Assert.Equal("Rank", view.Find("select").GetAttribute("value"));
    }

    [Fact]
    public async Task Text_and_tokens_stay_on_the_page_when_the_view_changes()
    {
        var run = await TestRun.WholeAsync();
        var view = Show(run);
        Assert.False(view.Find("[data-tokens]").HasAttribute("hidden"));
        view.FindAll(".kp-toggle button")[2].Click();
        Assert.True(view.Find("[data-tokens]").HasAttribute("hidden"));
        Assert.True(view.Find("[data-plain]").HasAttribute("hidden"));
        Assert.Contains("Delaware", view.Find(".kp-markdown").TextContent, StringComparison.Ordinal);
        view.FindAll(".kp-toggle button")[1].Click();
        Assert.False(view.Find("[data-plain]").HasAttribute("hidden"));
        Assert.Empty(view.FindAll(".kp-markdown"));
    }

    [Fact]
    public void Continue_and_copy_wait_for_text()
    {
        var run = TestRun.New();
        var view = Show(run, more => more.Add(page => page.OnContinue, _ => { }));
        Assert.True(view.Find("[data-copy]").HasAttribute("disabled"));
        Assert.True(view.Find(".kp-card-go").HasAttribute("disabled"));
        run.Record(TestRun.Letter(0, 'a'));
        run.Cancel();
        Refresh(view, run);
        Assert.False(view.Find("[data-copy]").HasAttribute("disabled"));
        Assert.False(view.Find(".kp-card-go").HasAttribute("disabled"));
    }

    [Fact]
    public async Task The_segments_choose_the_card_where_one_has_room()
    {
        var view = Show(await TestRun.WholeAsync(sequences: 3));
        view.FindAll("[role=tab]")[1].Click();
        Assert.Equal(["false", "true", "false"], view.FindAll("[role=tab]").Select(tab => tab.GetAttribute("aria-selected")!));
        Assert.Equal([true, false, true], view.FindAll("article").Select(card => card.ClassList.Contains("kp-card-behind")));
    }

    private IRenderedComponent<RunView> Show(Run run, Action<ComponentParameterCollectionBuilder<RunView>>? more = null) =>
        Render<RunView>(parameters =>
        {
            parameters.Add(page => page.Run, run).Add(page => page.Generator, TestRun.Generator).Add(page => page.Version, run.Version);
            more?.Invoke(parameters);
        });

    private static void Refresh(IRenderedComponent<RunView> view, Run run) => view.Render(parameters => parameters.Add(page => page.Version, run.Version));

    private static string Words(AngleSharp.Dom.IElement element)
    {
        var copy = (AngleSharp.Dom.IElement)element.Clone();
        foreach (var icon in copy.QuerySelectorAll("svg, button"))
        {
            icon.Remove();
        }
        return string.Join(' ', copy.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }
}
