using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Shared;

/// <summary>A part of a page that draws itself anew when the page's state has changed, whatever its parent does.</summary>
public abstract class PagePart : ComponentBase, IDisposable
{
    /// <summary>Raised by the state, on any thread.</summary>
    protected abstract event Action? StateChanged;

    protected override void OnInitialized() => StateChanged += Redraw;

    public virtual void Dispose()
    {
        StateChanged -= Redraw;
        GC.SuppressFinalize(this);
    }

    protected void Redraw() => _ = InvokeAsync(StateHasChanged);
}
