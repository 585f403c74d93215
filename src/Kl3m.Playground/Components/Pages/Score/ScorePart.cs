using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>A part of the Score page.</summary>
public abstract class ScorePart : PagePart
{
    [Inject]
    internal ScoreState Own { get; set; } = null!;

    /// <summary>The teacher's page, where it is followed.</summary>
    [CascadingParameter]
    internal ScoreState? Followed { get; set; }

    internal ScoreState State => Followed ?? Own;

    protected override event Action? StateChanged
    {
        add => State.Changed += value;
        remove => State.Changed -= value;
    }
}
