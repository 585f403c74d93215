using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>A part of the Score page that draws itself anew when the state has changed, whatever its parent does.</summary>
public abstract class ScorePart : ComponentBase, IDisposable
{
    [Inject]
    internal ScoreState State { get; set; } = null!;

    protected override void OnInitialized() => State.Changed += Redraw;

    public virtual void Dispose()
    {
        State.Changed -= Redraw;
        GC.SuppressFinalize(this);
    }

    protected void Redraw() => _ = InvokeAsync(StateHasChanged);
}
