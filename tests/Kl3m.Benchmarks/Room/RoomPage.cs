using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;

namespace Kl3m.Benchmarks.Room;

/// <summary>
/// A person of a room in real Chromium, whose page writes down when it was pressed and when it came to show something else: pages of one machine
/// have one clock.
/// </summary>
internal sealed class RoomPage(IPage page)
{
    /// <summary>What a page shows of the teacher's doings: the token in the spotlight, or whether one can vote.</summary>
    private const string Watch = """
        (() => {
          const sockets = [], Socket = window.WebSocket;
          window.WebSocket = class extends Socket { constructor(...words) { super(...words); sockets.push(this); } };
          window.kpCut = () => sockets.splice(0).forEach(socket => socket.close());
          window.kpSeen = []; window.kpPressed = 0;
          const state = () => {
            const vote = document.querySelector('.kp-vote-own');
            return vote ? (vote.disabled ? 'closed' : 'open') : document.querySelector('.kp-inspector h2')?.textContent ?? '';
          };
          let last = '';
          const look = () => { const now = state(); if (now !== last) { last = now; kpSeen.push([now, Date.now()]); } };
          const press = () => { kpPressed = Date.now(); };
          addEventListener('pointerdown', press, true); addEventListener('keydown', press, true);
          new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['disabled'] });
        })();
        """;

    public IPage Page => page;

    public static async Task<RoomPage> OpenAsync(IBrowser browser, Uri app, string address, int width, int height)
    {
        var context = await browser.NewContextAsync(new() { BaseURL = app.ToString(), ViewportSize = new() { Width = width, Height = height }, ReducedMotion = ReducedMotion.Reduce });
        context.SetDefaultTimeout(120_000);
        await context.AddInitScriptAsync(Watch);
        var page = await context.NewPageAsync();
        await page.GotoAsync(address);
        await page.Locator("html[data-interactive]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return new(page);
    }

    /// <summary>When it was pressed last, in milliseconds.</summary>
    public Task<double> PressedAsync() => page.EvaluateAsync<double>("() => kpPressed");

    /// <summary>When it came to show this after a time; waits until it does.</summary>
    public async Task<double> SeenAsync(string what, double after)
    {
        var seen = await page.WaitForFunctionAsync("([what, after]) => kpSeen.find(([shown, at]) => shown === what && at >= after)?.[1]", new object[] { what, after });
        return (await seen.JsonValueAsync<JsonElement>()).GetDouble();
    }

    /// <summary>What it came to show first after a time; waits until there is something.</summary>
    public async Task<string> SeenAsync(double after)
    {
        var seen = await page.WaitForFunctionAsync("after => kpSeen.find(([shown, at]) => shown && at >= after)?.[0]", after);
        return (await seen.JsonValueAsync<JsonElement>()).GetString()!;
    }

    /// <summary>Takes the line away: sockets end, and nothing new gets through.</summary>
    public async Task CutAsync()
    {
        await page.Context.SetOfflineAsync(true);
        await page.EvaluateAsync("() => kpCut()");
        await Assertions.Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
    }

    public Task MendAsync() => page.Context.SetOfflineAsync(false);

    public async Task VoteAsync(string word)
    {
        await page.Locator(".kp-vote-own").FillAsync(word);
        await page.Locator(".kp-desk-go").ClickAsync();
        await VotedAsync(word);
    }

    public Task VotedAsync(string word) => Assertions.Expect(page.Locator(".kp-desk")).ToContainTextAsync("Your vote is in: " + word);

    /// <summary>The engine's figures, by name.</summary>
    public async Task<IReadOnlyDictionary<string, double>> MetricsAsync()
    {
        var text = await (await page.APIRequest.GetAsync("/metrics")).TextAsync();
        return text.Split('\n').Where(line => line.StartsWith("kl3m_", StringComparison.Ordinal) && !line.Contains("_bucket", StringComparison.Ordinal))
            .GroupBy(line => line[..line.IndexOfAny(['{', ' '])])
            .ToDictionary(lines => lines.Key, lines => lines.Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)));
    }
}
