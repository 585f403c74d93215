using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed class KeptInBrowserTests : IAsyncDisposable
{
    private readonly FakeStorage browser = new();

    public ValueTask DisposeAsync() => browser.DisposeAsync();

    [Fact]
    public async Task Recent_runs_survive_a_reload_newest_first_and_open_as_they_were()
    {
        var recent = new RecentRuns(new(browser));
        var run = await TestRun.WholeAsync(maxTokens: 6);
        await AddAsync(recent, "first", run);
        await AddAsync(recent, "second", await TestRun.WholeAsync(maxTokens: 3));
        var after = new RecentRuns(new(browser));
        await after.LoadAsync();
        Assert.Equal(["second", "first"], after.All!.Select(entry => entry.Title));
        Assert.Equal(run.Sequences[0].Text, (await after.OpenAsync(after.All![1])).Runs[0].ToRun((request, model) => new Run(request, model, TimeProvider.System)).Sequences[0].Text);
        await after.DeleteAsync(after.All[1]);
        Assert.Equal("second", Assert.Single(after.All!).Title);
        Assert.Equal(2, browser.Values.Count);
    }

    [Fact]
    public async Task Only_so_many_are_kept_and_nothing_of_the_others_stays()
    {
        var recent = new RecentRuns(new(browser));
        for (var i = 0; i < RecentRuns.Most + 3; i++)
        {
            await AddAsync(recent, $"{i}", await TestRun.WholeAsync(maxTokens: 2));
        }
        Assert.Equal(RecentRuns.Most, recent.All!.Count);
        Assert.Equal(RecentRuns.Most + 1, browser.Values.Count);
        Assert.Equal("14", recent.All[0].Title);
    }

    [Fact]
    public async Task A_full_storage_lets_the_oldest_go_and_a_closed_one_keeps_nothing()
    {
        browser.Room = 12_000;
        var recent = new RecentRuns(new(browser));
        for (var i = 0; i < 6; i++)
        {
            await AddAsync(recent, $"{i}", await TestRun.WholeAsync(maxTokens: 3));
        }
        Assert.InRange(recent.All!.Count, 1, 5);
        Assert.Equal("5", recent.All[0].Title);
        browser.Room = 0;
        browser.Values.Clear();
        var closed = new RecentRuns(new(browser));
        await AddAsync(closed, "x", await TestRun.WholeAsync(maxTokens: 3));
        Assert.Empty(closed.All!);
    }

    [Fact]
    public async Task What_somebody_put_into_the_storage_is_refused_or_forgotten()
    {
        foreach (var text in HostileTexts.All(200))
        {
            browser.Values["recent"] = text;
            browser.Values["presets"] = text;
            var recent = new RecentRuns(new(browser));
            await recent.LoadAsync();
            Assert.Empty(recent.All!);
            var presets = new OwnPresets(new(browser));
            await presets.LoadAsync();
            Assert.Empty(presets.All!);
        }
        browser.Values.Clear();
        var kept = new RecentRuns(new(browser));
        await AddAsync(kept, "x", await TestRun.WholeAsync(maxTokens: 3));
        var key = browser.Values.Keys.Single(one => one != "recent");
        browser.Values[key] = browser.Values[key].Replace("\"rank\":1", "\"rank\":2", StringComparison.Ordinal);
        await Assert.ThrowsAsync<ReceiptException>(() => kept.OpenAsync(kept.All![0]));
        Assert.Empty(kept.All!);
    }

    [Fact]
    public async Task Own_presets_are_named_by_their_prompt_and_survive_a_reload()
    {
        var own = new OwnPresets(new(browser));
        var link = new PageLink("", "The  term “Affiliate” means any entity", new SamplingParams { Temperature = 0.2f });
        Assert.True(await own.SaveAsync(link));
        Assert.True(await own.SaveAsync(link));
        var after = new OwnPresets(new(browser));
        await after.LoadAsync();
        Assert.Equal(["The term “Affiliate” means", "The term “Affiliate” means 2"], after.All!.Select(preset => preset.Name));
        Assert.Equal(0.2f, PageLink.Read("", after.All![0].Fragment).Link!.Sampling.Temperature);
        await after.DeleteAsync(after.All[0]);
        Assert.Single(after.All!);
        for (var i = 0; i < OwnPresets.Most; i++)
        {
            await after.SaveAsync(link);
        }
        Assert.Equal(OwnPresets.Most, after.All!.Count);
    }

    private static Task AddAsync(RecentRuns recent, string title, Run run) =>
        recent.AddAsync(new(Guid.NewGuid().ToString("N"), DateTimeOffset.UnixEpoch, title, ""), alternatives => ReceiptOfRun.MakeAsync([(run, TestRun.Generator)], DateTimeOffset.UnixEpoch, alternatives));
}
