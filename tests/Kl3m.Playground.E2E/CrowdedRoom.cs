using System.Globalization;
using Kl3m.Playground.Tests.Remote;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>A room with a real page for everybody in it. All pages are on one machine: their clocks are one clock.</summary>
internal sealed class CrowdedRoom : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // When the page's own document first shows something, whatever draws it; and when the teacher last did something.
    private const string Clocks = """
        window.kpWatch = ([selector, text]) => {
          const shown = () => [...document.querySelectorAll(selector)].some(element => element.textContent.includes(text));
          if (shown()) throw new Error(`${selector} shows "${text}" already`);
          window.kpSeen = new Promise(seen => {
            const observer = new MutationObserver(() => { if (shown()) { observer.disconnect(); seen(Date.now()); } });
            observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
          });
        };
        for (const kind of ['click', 'keydown']) addEventListener(kind, () => window.kpActed = Date.now(), true);
        """;

    private readonly ChromiumBrowser browser;
    private readonly PlaygroundApp app;
    private readonly List<string> figures;
    private readonly Dictionary<string, List<double>> latencies = [];
    private readonly List<IPage> students = [];
    private readonly List<WatchedPage> opened = [];
    private string code = "";

    private CrowdedRoom(ChromiumBrowser browser, PlaygroundApp app, List<string> figures)
    {
        (this.browser, this.app, this.figures) = (browser, app, figures);
        Server = new(app.ProcessId);
    }

    public IPage Teacher { get; private set; } = null!;

    public IReadOnlyList<IPage> Students => students;

    /// <summary>Those whose line can be cut.</summary>
    public IReadOnlyList<IPage> Cut { get; private set; } = [];

    /// <summary>Those whose line is never cut.</summary>
    public IReadOnlyList<IPage> Connected { get; private set; } = [];

    public ServerCost Server { get; }

    /// <summary>What the pages that were never cut have to complain of.</summary>
    public IEnumerable<string> Complaints => opened.Where(page => !Cut.Contains(page.Page)).SelectMany(page => page.Complaints);

    public static async Task<CrowdedRoom> OpenAsync(ChromiumBrowser browser, PlaygroundApp app, List<string> figures)
    {
        var room = new CrowdedRoom(browser, app, figures);
        room.Teacher = await room.NewAsync(app.Address, 1440, 900);
        (_, room.code) = await ClassroomPageTests.OpenRoomAsync(room.Teacher);
        return room;
    }

    /// <summary>The first of them sit behind the line.</summary>
    public async Task JoinAsync(int count, int behindLine, TcpLine line)
    {
        var (before, cost) = (Server.Megabytes, Server.Start());
        // A few at a time: a class that scans the code does not do so in the same millisecond.
        foreach (var few in Enumerable.Range(0, count).Chunk(3))
        {
            students.AddRange(await Task.WhenAll(few.Select(async i =>
            {
                var page = await NewAsync(i < behindLine ? new Uri($"http://127.0.0.1:{line.Port}") : app.Address, 390, 300);
                await ClassroomPageTests.JoinAsync(page, $"/join/{code}", null, $"Student {i + 1}");
                return page;
            })));
        }
        (Cut, Connected) = ([.. students.Take(behindLine)], [.. students.Skip(behindLine)]);
        await Assertions.Expect(Teacher.Locator(".kp-names li:not(.kp-away)")).ToHaveCountAsync(count);
        Tell($"{count} students join: {cost.Words}; resident {before:0} MB with the teacher, {Server.Megabytes:0} MB with {count + 1} circuits, {(Server.Megabytes - before) / count:0.0} MB each");
    }

    /// <summary>Does something as the teacher, and keeps how long it took until each of these pages showed it.</summary>
    public async Task ActAsync(string name, IReadOnlyList<IPage> pages, string selector, string text, Func<Task> act)
    {
        await WatchAsync(pages, selector, text);
        await act();
        var seen = await SeenAsync(pages);
        var acted = await Teacher.EvaluateAsync<double>("() => window.kpActed");
        if (!latencies.TryGetValue(name, out var all))
        {
            latencies[name] = all = [];
        }
        all.AddRange(seen.Select(at => at - acted));
    }

    public static Task WatchAsync(IReadOnlyList<IPage> pages, string selector, string text) =>
        Task.WhenAll(pages.Select(page => page.EvaluateAsync("watched => kpWatch(watched)", new[] { selector, text })));

    /// <summary>When each page showed what it was to watch for, in Unix milliseconds.</summary>
    public static Task<double[]> SeenAsync(IReadOnlyList<IPage> pages) =>
        Task.WhenAll(pages.Select(page => page.EvaluateAsync<double>("() => window.kpSeen"))).WaitAsync(Patience);

    public async Task<GenerationCost> MeasureAsync(Func<Task> generate)
    {
        var (steps, tokens, cost) = (await MetricAsync("kl3m_engine_step_duration_seconds_count"), await MetricAsync("kl3m_engine_generated_tokens"), Server.Start());
        await generate();
        var (share, seconds) = (cost.Share, cost.Seconds);
        return new(await MetricAsync("kl3m_engine_step_duration_seconds_count") - steps, await MetricAsync("kl3m_engine_generated_tokens") - tokens, share, seconds);
    }

    public void Tell(string figure) => figures.Add(figure);

    public void Report()
    {
        foreach (var (name, samples) in latencies.Append(new("everything that asks no model", [.. latencies.Where(entry => !entry.Key.Contains("model", StringComparison.Ordinal)).SelectMany(entry => entry.Value)])))
        {
            double[] ordered = [.. samples.DefaultIfEmpty(double.NaN).Order()];
            Tell(string.Create(CultureInfo.InvariantCulture,
                $"{name}: median {ordered[ordered.Length / 2]:0} ms, p95 {ordered[(int)Math.Ceiling(ordered.Length * 0.95) - 1]:0} ms, most {ordered[^1]:0} ms ({ordered.Length} pages)"));
        }
        Tell($"at the end resident {Server.Megabytes:0} MB");
    }

    public async ValueTask DisposeAsync()
    {
        Server.Dispose();
        await Task.WhenAll(opened.Select(page => page.Page.Context.CloseAsync()));
    }

    private async Task<IPage> NewAsync(Uri address, int width, int height)
    {
        var page = await browser.NewPageAsync(address, width, height);
        await page.Page.AddInitScriptAsync(Clocks);
        lock (opened)
        {
            opened.Add(page);
        }
        return page.Page;
    }

    private async Task<double> MetricAsync(string name)
    {
        var text = await (await Teacher.APIRequest.GetAsync(new Uri(app.Address, "/metrics").ToString())).TextAsync();
        return text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal)).Sum(line => double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture));
    }
}

/// <param name="Share">The server's processor time over the wall's.</param>
internal sealed record GenerationCost(double Steps, double Tokens, double Share, double Seconds)
{
    public string Words => string.Create(CultureInfo.InvariantCulture, $"{Steps:0} steps, {Tokens:0} tokens, {Tokens / Seconds:0.0} tokens/s, server {Share:P1} of a core");
}
