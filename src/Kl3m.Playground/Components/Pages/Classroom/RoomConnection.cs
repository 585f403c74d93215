using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>A lost line is seen in the room at once, not only when the server gives the circuit up.</summary>
internal sealed class RoomConnection(ClassroomState state) : CircuitHandler
{
    public override Task OnConnectionUpAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        state.SetConnected(true);
        return Task.CompletedTask;
    }

    public override Task OnConnectionDownAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        state.SetConnected(false);
        return Task.CompletedTask;
    }
}
