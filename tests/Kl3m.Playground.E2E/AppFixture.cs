using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>One app and one browser for all tests of the class; each test has a page of its own.</summary>
public sealed class AppFixture : IAsyncLifetime
{
    private ChromiumBrowser? browser;
    private PlaygroundApp? app;

    public async ValueTask InitializeAsync()
    {
        if (ChromiumBrowser.IsInstalled)
        {
            Assertions.SetDefaultExpectTimeout(30_000);
            browser = await ChromiumBrowser.LaunchAsync();
            app = await PlaygroundApp.StartAsync();
        }
    }

    internal Task<WatchedPage> OpenAsync(int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        return browser!.OpenAsync(app!.Address, width, height, scheme);
    }

    /// <summary>Keeps a picture for people to look at, beside the test's program.</summary>
    internal static Task PictureAsync(IPage page, string name) =>
        page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "pictures", name + ".png") });

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }
        if (app is not null)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(app.Log);
            Console.Error.WriteLine(app.Log.Contains("fail:", StringComparison.Ordinal) ? app.Log : "");
            await app.DisposeAsync();
        }
    }
}
