using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>A part of a room's page that draws itself anew when the room has changed, whatever its parent does.</summary>
public abstract class RoomPart : ComponentBase, IDisposable
{
    [Inject]
    internal ClassroomState State { get; set; } = null!;

    protected override void OnInitialized() => State.Changed += Redraw;

    public virtual void Dispose()
    {
        State.Changed -= Redraw;
        GC.SuppressFinalize(this);
    }

    protected void Redraw() => _ = InvokeAsync(StateHasChanged);
}
