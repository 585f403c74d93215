using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>A part of the comparison; it follows the ticks of what is written, too.</summary>
public abstract class ComparePart : PagePart
{
    [Inject]
    internal CompareState State { get; set; } = null!;

    protected override event Action? StateChanged
    {
        add
        {
            State.Changed += value;
            State.Ticked += value;
        }
        remove
        {
            State.Changed -= value;
            State.Ticked -= value;
        }
    }
}
