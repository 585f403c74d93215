using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Playground;

/// <summary>A part of the playground that draws itself anew when the state has changed, whatever its parent does.</summary>
public abstract class PlaygroundPart : ComponentBase, IDisposable
{
    [Inject]
    internal PlaygroundState State { get; set; } = null!;

    protected override void OnInitialized() => State.Changed += Redraw;

    public virtual void Dispose()
    {
        State.Changed -= Redraw;
        GC.SuppressFinalize(this);
    }

    protected void Redraw() => _ = InvokeAsync(StateHasChanged);
}
