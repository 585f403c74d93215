using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Kl3m.Tests.Shared;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>Two web nodes with a real Redis behind a real nginx, which has the configuration that deploy/ offers.</summary>
public sealed partial class NodesTests : IAsyncDisposable
{
    private const string Redis = "/usr/bin/redis-server";
    private const string Nginx = "/usr/sbin/nginx";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();
    private readonly List<Process> processes = [];

    [Fact]
    public async Task Who_was_on_a_node_that_died_goes_on_at_another_one_without_giving_the_code_again()
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        Assert.SkipUnless(File.Exists(Redis) && File.Exists(Nginx), $"needs {Redis} and {Nginx} (Debian: apt-get install redis-server nginx-light)");
        Assertions.SetDefaultExpectTimeout(30_000);
        var redisPort = FreePort();
        var redis = StartRedis(redisPort);
        string[] settings = ["--Access:Code=sesame", $"--Redis:Connection=127.0.0.1:{redisPort}"];
        var first = await PlaygroundApp.StartAsync(settings);
        await using var second = await PlaygroundApp.StartAsync(settings);
        // The second node joins later, so that it is known where the browser is.
        var address = StartNginx(first.Address);
        await using var browser = await ChromiumBrowser.LaunchAsync();
        var opened = await browser.NewPageAsync(address);
        var page = opened.Page;
        await page.GotoAsync("/");
        await page.GetByLabel("Code").FillAsync("sesame");
        await page.GetByRole(AriaRole.Button, new() { Name = "Enter" }).ClickAsync();
        await GenerateAsync(page);
        Assert.Empty(opened.Complaints);

        StartNginx(first.Address, second.Address);
        await first.DisposeAsync(); // SIGKILL
        var clock = Stopwatch.StartNew();
        await Assertions.Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
        await ReloadAsync(page);
        TestContext.Current.TestOutputHelper?.WriteLine($"Back after {clock.Elapsed.TotalSeconds:0.0} s.");
        await GenerateAsync(page);

        // Redis is asked at the start and once a day: nobody notices when it goes and comes back.
        redis.Kill();
        await redis.WaitForExitAsync();
        await page.ReloadAsync();
        await GenerateAsync(page);
        StartRedis(redisPort);
        await page.ReloadAsync();
        await GenerateAsync(page);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }
            process.Dispose();
        }
        folder.Delete(recursive: true);
    }

    /// <summary>As people do: again, while the proxy's old workers still know the dead node alone.</summary>
    private static async Task ReloadAsync(IPage page)
    {
        for (var tries = 8; ; tries--)
        {
            await page.ReloadAsync();
            try
            {
                await page.InteractiveAsync(5000);
                return;
            }
            catch (TimeoutException) when (tries > 1)
            {
            }
        }
    }

    private static async Task GenerateAsync(IPage page)
    {
        await page.InteractiveAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Generate" }).ClickAsync();
        await page.Locator(".kp-tokens .kp-t").Nth(5).WaitForAsync();
    }

    private Process StartRedis(int port) => Start(Redis, "--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder.FullName, "--save", "", "--daemonize", "no");

    private string? listening;

    /// <summary>Starts nginx before these nodes; called again, it takes the new list without letting go of a line.</summary>
    private Uri StartNginx(params Uri[] nodes)
    {
        listening ??= $"127.0.0.1:{FreePort()}";
        var offered = File.ReadAllText(Path.Combine(SharedFolder.Repository, "deploy", "proxy", "nginx.conf"));
        var site = UpstreamServer().Replace(offered, string.Join('\n', nodes.Select(node => $"    server {node.Authority} max_fails=1 fail_timeout=5s;")));
        site = RedirectingServer().Replace(site, "", 1);
        site = TlsLines().Replace(site, "").Replace("listen 443 ssl;", $"listen {listening};", StringComparison.Ordinal)
            .Replace("Host $host;", "Host $http_host;", StringComparison.Ordinal) // on a port that is not 80 or 443 the port is part of the name
            .Replace("X-Forwarded-Host $host;", "X-Forwarded-Host $http_host;", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder.FullName, "site.conf"), site);
        File.WriteAllText(Path.Combine(folder.FullName, "nginx.conf"), $$"""
            user root;
            pid {{folder.FullName}}/nginx.pid;
            error_log {{folder.FullName}}/error.log;
            events { }
            http {
                access_log off;
                client_body_temp_path {{folder.FullName}}/body;
                proxy_temp_path {{folder.FullName}}/proxy;
                include site.conf;
            }
            """);
        if (File.Exists(Path.Combine(folder.FullName, "nginx.pid")))
        {
            using var reload = Process.Start(Nginx, ["-p", folder.FullName, "-c", "nginx.conf", "-s", "reload"]);
            reload.WaitForExit();
        }
        else
        {
            Start(Nginx, "-p", folder.FullName, "-c", "nginx.conf", "-g", "daemon off;");
        }
        return new($"http://{listening}");
    }

    private Process Start(string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add(process);
        return process;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"^    server 127\.0\.0\.1:5080.*$", RegexOptions.Multiline)]
    private static partial Regex UpstreamServer();

    [GeneratedRegex(@"^server \{\n    listen 80;.*?^\}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex RedirectingServer();

    [GeneratedRegex(@"^    (ssl_|server_name ).*\n", RegexOptions.Multiline)]
    private static partial Regex TlsLines();
}
