namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>A part of the lab that draws itself anew when the state has changed, whatever is around it.</summary>
public abstract class LabListener : LabPart, IDisposable
{
    protected override void OnInitialized() => State.Changed += Redraw;

    public virtual void Dispose()
    {
        State.Changed -= Redraw;
        GC.SuppressFinalize(this);
    }

    protected void Redraw() => _ = InvokeAsync(StateHasChanged);
}
