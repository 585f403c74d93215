using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Text;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.E2E;

/// <summary>The real app in a process of its own, on a free port of the loopback interface, with the bundled model or the one named.</summary>
internal sealed class PlaygroundApp : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly StringBuilder log = new();
    private readonly TaskCompletionSource<Uri> address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PlaygroundApp(string[] arguments, IEnumerable<(string Name, string Value)> environment)
    {
        var configuration = typeof(PlaygroundApp).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Configuration").Value!;
        var dll = Path.Combine(SharedFolder.Repository, "src", "Kl3m.Playground", "bin", configuration, "net10.0", "Kl3m.Playground.dll");
        process = new Process
        {
            StartInfo = new("dotnet", [dll, "--urls", "http://127.0.0.1:0", .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
            EnableRaisingEvents = true,
        };
        foreach (var (name, value) in environment)
        {
            process.StartInfo.Environment[name] = value;
        }
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.Exited += (_, _) => address.TrySetException(new InvalidOperationException($"The app ended before it listened:\n{Log}"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int ProcessId => process.Id;

    public Uri Address => address.Task.Result;

    public string Log
    {
        get
        {
            lock (log)
            {
                return log.ToString();
            }
        }
    }

    /// <summary>Starts the app and returns once it says that it is ready.</summary>
    public static Task<PlaygroundApp> StartAsync(params string[] arguments) => StartAsync([], arguments);

    public static async Task<PlaygroundApp> StartAsync(IEnumerable<(string Name, string Value)> environment, params string[] arguments)
    {
        var app = Launch(environment, arguments);
        await app.ReadyAsync();
        return app;
    }

    /// <summary>Starts the app and does not wait for anything.</summary>
    public static PlaygroundApp Launch(IEnumerable<(string Name, string Value)> environment, params string[] arguments) => new(arguments, environment);

    /// <summary>Returns once it says that it is ready; ends it if it never does.</summary>
    public async Task ReadyAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(StartLimit);
            using var client = new HttpClient { BaseAddress = await address.Task.WaitAsync(limit.Token) };
            while ((await client.GetAsync("/health/ready", limit.Token)).StatusCode != HttpStatusCode.OK)
            {
                await Task.Delay(100, limit.Token);
            }
        }
        catch (Exception failure)
        {
            var text = Log;
            await DisposeAsync();
            throw new InvalidOperationException($"The app did not become ready:\n{text}", failure);
        }
    }

    /// <summary>Waits for what this app is to bring about; tells what it logged where it does not, or ends first.</summary>
    public async Task UntilAsync(Task happened)
    {
        using var limit = new CancellationTokenSource(StartLimit);
        if (await Task.WhenAny(happened, process.WaitForExitAsync(limit.Token)) != happened)
        {
            throw new InvalidOperationException($"The app {(process.HasExited ? "ended" : $"took more than {StartLimit.TotalMinutes} minutes")}:\n{Log}");
        }
        await happened;
    }

    /// <summary>Sends SIGTERM, as systemd and Kubernetes do.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>The exit code, once the process has ended by itself.</summary>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        await process.WaitForExitAsync().WaitAsync(limit);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
        process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }
        lock (log)
        {
            log.AppendLine(line);
        }
        const string Listening = "Now listening on: ";
        var at = line.IndexOf(Listening, StringComparison.Ordinal);
        if (at >= 0)
        {
            address.TrySetResult(new Uri(line[(at + Listening.Length)..].Split('"')[0].Trim().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)));
        }
    }
}
