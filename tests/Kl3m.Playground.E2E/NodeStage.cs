using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Kl3m.Tests.Shared;
using Microsoft.Playwright;

namespace Kl3m.Playground.E2E;

/// <summary>A real Redis, and a real nginx that has the configuration that deploy/ offers, in front of nodes of the app.</summary>
internal sealed partial class NodeStage : IAsyncDisposable
{
    private const string Redis = "/usr/bin/redis-server";
    private const string Nginx = "/usr/sbin/nginx";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();
    private readonly List<Process> processes = [];
    private readonly int redisPort = FreePort();
    private readonly string listening = $"127.0.0.1:{FreePort()}";
    private Process? redis;

    public NodeStage()
    {
        Assert.SkipUnless(ChromiumBrowser.IsInstalled, ChromiumBrowser.Missing);
        Assert.SkipUnless(File.Exists(Redis) && File.Exists(Nginx), $"needs {Redis} and {Nginx} (Debian: apt-get install redis-server nginx-light)");
    }

    /// <summary>Where the proxy listens.</summary>
    public Uri Address => new($"http://{listening}");

    /// <summary>What each node is started with.</summary>
    public string RedisSetting => $"--Redis:Connection=127.0.0.1:{redisPort}";

    /// <summary>Empty: it keeps nothing from one start to the next.</summary>
    public void StartRedis() => redis = Start(Redis, "--port", $"{redisPort}", "--bind", "127.0.0.1", "--dir", folder.FullName, "--save", "", "--daemonize", "no");

    public async Task KillRedisAsync()
    {
        redis!.Kill();
        await redis.WaitForExitAsync();
    }

    /// <summary>Starts nginx before these nodes; called again, it takes the new list without letting go of a line.</summary>
    public void StartNginx(params Uri[] nodes)
    {
        var offered = File.ReadAllText(Path.Combine(SharedFolder.Repository, "deploy", "proxy", "nginx.conf"));
        var site = UpstreamServer().Replace(offered, string.Join('\n', nodes.Select(node => $"    server {node.Authority} max_fails=1 fail_timeout=5s;")));
        site = RedirectingServer().Replace(site, "", 1);
        site = TlsLines().Replace(site, "").Replace("listen 443 ssl;", $"listen {listening};", StringComparison.Ordinal)
            .Replace("Host $host;", "Host $http_host;", StringComparison.Ordinal) // on a port that is not 80 or 443 the port is part of the name
            .Replace("X-Forwarded-Host $host;", "X-Forwarded-Host $http_host;", StringComparison.Ordinal);
        site = CookieLine().Replace(site, "$&\n        add_header X-Node $upstream_addr;");
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
    }

    /// <summary>A page in a browser of its own whose first answer came from this node. The proxy takes a moment to take a new list.</summary>
    public async Task<IPage> OpenAtAsync(ChromiumBrowser browser, Uri node, int width = 1440, int height = 900)
    {
        for (var tries = 100; ; tries--)
        {
            var page = (await browser.NewPageAsync(Address, width, height)).Page;
            var answer = await page.GotoAsync("/classroom");
            if (answer!.Headers.GetValueOrDefault("x-node") == node.Authority)
            {
                return page;
            }
            await page.Context.CloseAsync();
            Assert.True(tries > 0, $"The proxy never came to {node}.");
        }
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

    [GeneratedRegex(@"^ +add_header Set-Cookie.*$", RegexOptions.Multiline)]
    private static partial Regex CookieLine();

    [GeneratedRegex(@"^    (ssl_|server_name ).*\n", RegexOptions.Multiline)]
    private static partial Regex TlsLines();
}
