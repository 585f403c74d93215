using Microsoft.JSInterop;

namespace Kl3m.Playground.Components.Shared;

/// <summary>The page's palette and mode as the browser keeps them (early.js), chosen here or elsewhere. Used on the circuit's own thread only.</summary>
internal sealed class PageLook : IAsyncDisposable
{
    private readonly BrowserPart<PageLook> watch;
    private readonly Action changed;

    public PageLook(IJSRuntime js, Action changed)
    {
        this.changed = changed;
        watch = new(js, this);
    }

    public string Palette { get; private set; } = "blue";

    /// <summary>On a projector: fewer things, larger.</summary>
    public bool Presentation { get; private set; }

    public Task WatchAsync() => watch.AttachAsync("./js/page-look.js", "watch", stop: "stop");

    public ValueTask ChoosePaletteAsync(string palette)
    {
        Palette = palette;
        return watch.CallAsync("choose", palette);
    }

    [JSInvokable]
    public void Tell(string palette, bool presentation)
    {
        if (palette != Palette || presentation != Presentation)
        {
            (Palette, Presentation) = (palette, presentation);
            changed();
        }
    }

    public ValueTask DisposeAsync() => watch.DisposeAsync();
}
