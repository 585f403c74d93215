using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Edge;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Tests.Classroom.Nodes;

/// <summary>A real Redis on a free port, which keeps nothing from one start to the next.</summary>
internal sealed class RedisServer : IDisposable
{
    private const string Program = "/usr/bin/redis-server";

    private readonly int port = FreePort();
    private readonly List<RedisLine> lines = [];
    private Process? process;

    public RedisServer() => Assert.SkipUnless(File.Exists(Program), $"needs {Program} (Debian: apt-get install redis-server)");

    /// <summary>Returns when it listens.</summary>
    public async Task StartAsync()
    {
        var listens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process = new Process
        {
            StartInfo = new(Program, ["--port", $"{port}", "--bind", "127.0.0.1", "--save", ""]) { RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() },
        };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("Ready to accept connections", StringComparison.Ordinal) is not false)
            {
                listens.TrySetResult(); // or it has ended
            }
        };
        process.Start();
        process.BeginOutputReadLine();
        await listens.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    public void Kill()
    {
        process?.Kill();
        process?.WaitForExit();
        process = null;
    }

    /// <summary>A node's own line to it.</summary>
    public async Task<RedisBoard> LineAsync()
    {
        lines.Add(new($"127.0.0.1:{port},connectTimeout=1000"));
        var board = new RedisBoard(lines[^1], Options.Create(new ClassroomOptions()), Microsoft.Extensions.Logging.Abstractions.NullLogger<RedisBoard>.Instance);
        await board.StartAsync(TestContext.Current.CancellationToken);
        return board;
    }

    public void Dispose()
    {
        lines.ForEach(line => line.Dispose());
        Kill();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
