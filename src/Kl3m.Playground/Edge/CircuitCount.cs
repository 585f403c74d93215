using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Kl3m.Playground.Edge;

/// <summary>Open pages of all visitors; one that lost its line counts until the server lets it go.</summary>
internal sealed class CircuitCount : CircuitHandler
{
    private int open;

    public int Open => Volatile.Read(ref open);

    public override Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref open);
        return Task.CompletedTask;
    }

    public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        Interlocked.Decrement(ref open);
        return Task.CompletedTask;
    }
}
