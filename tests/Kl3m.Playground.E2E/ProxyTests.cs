using System.Net;
using System.Net.Sockets;

namespace Kl3m.Playground.E2E;

/// <summary>What gets through a real nginx that has the configuration that deploy/ offers.</summary>
public sealed class ProxyTests
{
    [Fact]
    public async Task Metrics_are_for_the_monitoring_host_alone_and_everything_else_passes()
    {
        await using var stage = new NodeStage();
        await using var app = await PlaygroundApp.StartAsync();
        stage.StartNginx(app.Address);
        using var monitor = From("127.0.0.1", stage.Address);
        using var anybody = From("127.0.0.2", stage.Address);
        var (answer, text) = await GetAsync(monitor, "/metrics");
        Assert.Equal(HttpStatusCode.OK, answer);
        Assert.Contains("kl3m_engine_", text, StringComparison.Ordinal);
        foreach (var path in new[] { "/metrics", "/metrics/", "//metrics", "/%6detrics", "/METRICS", "/health/../metrics" })
        {
            (answer, text) = await GetAsync(anybody, path);
            Assert.True(answer is HttpStatusCode.Forbidden or HttpStatusCode.NotFound, $"{path} is answered with {answer}.");
            Assert.DoesNotContain("kl3m_engine_", text, StringComparison.Ordinal);
        }
        foreach (var path in new[] { "/", "/health/live", "/health/ready", "/v1/models" })
        {
            Assert.Equal((path, HttpStatusCode.OK), (path, (await GetAsync(anybody, path)).Status));
        }
        using var hub = await anybody.PostAsync(new Uri("/hubs/generation/negotiate?negotiateVersion=1", UriKind.Relative), null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, hub.StatusCode);
    }

    private static async Task<(HttpStatusCode Status, string Text)> GetAsync(HttpClient client, string path)
    {
        // As it is written: a path that was made plain here would prove nothing.
        var address = new Uri(client.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var answer = await client.GetAsync(address, TestContext.Current.CancellationToken);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>A client with this address; it waits until somebody listens.</summary>
    private static HttpClient From(string own, Uri address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (to, cancellation) =>
        {
            while (true)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    socket.Bind(new IPEndPoint(IPAddress.Parse(own), 0));
                    await socket.ConnectAsync(to.DnsEndPoint, cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch (SocketException refused) when (refused.SocketErrorCode == SocketError.ConnectionRefused)
                {
                    socket.Dispose();
                    await Task.Yield();
                }
            }
        },
    }) { BaseAddress = address };
}
