using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Debian's Chromium, driven by Playwright; what a page logs as an error, and every host it asks, is kept for the test to judge.</summary>
internal sealed class ChromiumBrowser : IAsyncDisposable
{
    private const string Executable = "/usr/bin/chromium";

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private ChromiumBrowser(IPlaywright playwright, IBrowser browser)
    {
        this.playwright = playwright;
        this.browser = browser;
    }

    public static bool IsInstalled => File.Exists(Executable);

    public static string Missing => $"needs Chromium at {Executable} (Debian: apt-get install chromium)";

    public static async Task<ChromiumBrowser> LaunchAsync()
    {
        var playwright = await Microsoft.Playwright.Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Executable,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        return new(playwright, browser);
    }

    /// <summary>A page in a browser of its own, which has been nowhere yet.</summary>
    public async Task<WatchedPage> NewPageAsync(Uri address, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await browser.NewContextAsync(new()
        {
            BaseURL = address.ToString(),
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = scheme,
            HasTouch = width < 600,
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        return new(await context.NewPageAsync(), address);
    }

    /// <summary>The first page, when it can be used.</summary>
    public async Task<WatchedPage> OpenAsync(Uri address, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await NewPageAsync(address, width, height, scheme);
        await page.Page.GotoAsync("/");
        await page.Page.InteractiveAsync();
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}

internal sealed class WatchedPage
{
    public WatchedPage(IPage page, Uri address)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                Complaints.Add($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => Complaints.Add($"exception: {error}");
        page.Request += (_, request) =>
        {
            var uri = new Uri(request.Url);
            if (uri.Scheme is not ("data" or "blob") && uri.Authority != address.Authority)
            {
                Complaints.Add($"asked another host: {request.Url}");
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Console errors and warnings, exceptions, and requests to other hosts, as they came.</summary>
    public List<string> Complaints { get; } = [];
}
