using System.Net;
using System.Net.Sockets;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>Carries bytes between a port of its own and another one, until it is cut; may be mended.</summary>
internal sealed class TcpLine : IDisposable
{
    private readonly int target;
    private readonly Lock gate = new();
    private readonly List<Socket> open = [];
    private TcpListener? listener;

    public TcpLine(int target)
    {
        this.target = target;
        Mend();
    }

    public int Port { get; private set; }

    /// <summary>Nobody gets through, and who was is thrown out with a reset.</summary>
    public void Cut()
    {
        lock (gate)
        {
            listener?.Stop();
            listener = null;
            foreach (var socket in open)
            {
                socket.LingerState = new(true, 0);
                socket.Dispose();
            }
            open.Clear();
        }
    }

    public void Mend()
    {
        lock (gate)
        {
            listener = new(IPAddress.Loopback, Port);
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
            _ = AcceptAsync(listener);
        }
    }

    public void Dispose() => Cut();

    private async Task AcceptAsync(TcpListener from)
    {
        try
        {
            while (true)
            {
                var near = await from.AcceptSocketAsync();
                var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await far.ConnectAsync(IPAddress.Loopback, target);
                lock (gate)
                {
                    if (listener != from)
                    {
                        near.Dispose();
                        far.Dispose();
                        return;
                    }
                    open.AddRange([near, far]);
                }
                _ = CarryAsync(near, far);
                _ = CarryAsync(far, near);
            }
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private static async Task CarryAsync(Socket from, Socket to)
    {
        var buffer = new byte[4096];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                await to.SendAsync(buffer.AsMemory(0, count));
            }
            to.Shutdown(SocketShutdown.Both);
        }
        catch (Exception ended) when (ended is SocketException or ObjectDisposedException)
        {
        }
    }
}
