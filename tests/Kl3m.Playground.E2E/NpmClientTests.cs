using System.Diagnostics;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.E2E;

/// <summary>The clients that JavaScript programs use, from npm, against the real app: OpenAI's own and SignalR's.</summary>
public sealed class NpmClientTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private static string Folder => Path.Combine(SharedFolder.Repository, "tests", "Kl3m.Playground.E2E", "clients");

    [Theory]
    [InlineData("openai-client.mjs")]
    [InlineData("signalr-client.mjs")]
    public async Task A_client_from_npm_sees_what_it_expects(string script)
    {
        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
        {
            Assert.Skip("needs npm ci in tests/Kl3m.Playground.E2E/clients");
        }
        await using var app = await PlaygroundApp.StartAsync();
        using var limit = new CancellationTokenSource(Limit);
        using var node = Start(script, app.Address);
        try
        {
            var output = node.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = node.StandardError.ReadToEndAsync(limit.Token);
            await node.WaitForExitAsync(limit.Token);
            Assert.True(node.ExitCode == 0, $"{script} ended with {node.ExitCode}:\n{await errors}\n{await output}\n{app.Log}");
            Assert.StartsWith("{", await output, StringComparison.Ordinal);
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(string script, Uri address)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("node", [script, address.ToString()])
            {
                WorkingDirectory = Folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs node");
            throw;
        }
    }
}
