using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>A part of the comparison that draws itself anew when the state has changed, and at each tick.</summary>
public abstract class ComparePart : ComponentBase, IDisposable
{
    [Inject]
    internal CompareState State { get; set; } = null!;

    protected override void OnInitialized()
    {
        State.Changed += Redraw;
        State.Ticked += Redraw;
    }

    public virtual void Dispose()
    {
        State.Changed -= Redraw;
        State.Ticked -= Redraw;
        GC.SuppressFinalize(this);
    }

    protected void Redraw() => _ = InvokeAsync(StateHasChanged);
}
