using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Playground;

/// <summary>A part of the playground.</summary>
public abstract class PlaygroundPart : PagePart
{
    [Inject]
    internal PlaygroundState State { get; set; } = null!;

    protected override event Action? StateChanged
    {
        add => State.Changed += value;
        remove => State.Changed -= value;
    }
}
