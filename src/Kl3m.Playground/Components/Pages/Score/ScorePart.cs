using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>A part of the Score page.</summary>
public abstract class ScorePart : PagePart
{
    [Inject]
    internal ScoreState State { get; set; } = null!;

    protected override event Action? StateChanged
    {
        add => State.Changed += value;
        remove => State.Changed -= value;
    }
}
