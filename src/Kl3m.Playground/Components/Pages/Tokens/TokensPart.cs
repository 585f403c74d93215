using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Tokens;

/// <summary>A part of the Tokens page that draws itself anew when the state has changed, whatever its parent does.</summary>
public abstract class TokensPart : ComponentBase, IDisposable
{
    [Inject]
    internal TokensState State { get; set; } = null!;

    protected override void OnInitialized() => State.Changed += Redraw;

    public virtual void Dispose()
    {
        State.Changed -= Redraw;
        GC.SuppressFinalize(this);
    }

    protected void Redraw() => _ = InvokeAsync(StateHasChanged);
}
