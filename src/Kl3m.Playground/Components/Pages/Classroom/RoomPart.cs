using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>A part of a room's page.</summary>
public abstract class RoomPart : PagePart
{
    [Inject]
    internal ClassroomState State { get; set; } = null!;

    protected override event Action? StateChanged
    {
        add => State.Changed += value;
        remove => State.Changed -= value;
    }
}
