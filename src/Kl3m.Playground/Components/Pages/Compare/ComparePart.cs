using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>A part of the comparison; it follows the ticks of what is written, too.</summary>
public abstract class ComparePart : PagePart
{
    [Inject]
    internal CompareState Own { get; set; } = null!;

    /// <summary>The teacher's comparison, where it is followed.</summary>
    [CascadingParameter]
    internal CompareState? Followed { get; set; }

    internal CompareState State => Followed ?? Own;

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
