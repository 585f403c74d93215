namespace Kl3m.Playground.Components.Pages.Lab;

internal sealed partial class LabState
{
    public LabView View => new(Run, Place, Settings, Strip, Traced, Notice, Draws, Futures, FuturesAsked);

    /// <summary>Puts on the bench what another visitor's shows. Nothing is asked of the model: the logits come along.</summary>
    public void Show(LabView view)
    {
        reading?.Cancel();
        (Run, Place, Settings, knobs) = (view.Run, view.Place, view.Settings, null);
        (Strip, place, Traced, Notice) = (view.Strip, view.Strip?.Place, view.Traced, view.Notice);
        writer = Generator is { } here ? (Run, here) : writer;
        IsOfSettings = view.Strip is not null;
        (Draws, Futures, FuturesAsked) = (view.Draws, view.Futures, view.FuturesAsked);
        Changed?.Invoke();
    }
}
