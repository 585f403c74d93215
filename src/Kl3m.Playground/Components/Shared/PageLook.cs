using Microsoft.JSInterop;

namespace Kl3m.Playground.Components.Shared;

/// <summary>The page's mode as the browser keeps it (early.js). Used on the circuit's own thread only.</summary>
internal sealed class PageLook : IAsyncDisposable
{
    private readonly BrowserPart<PageLook> watch;
    private readonly Action changed;

    public PageLook(IJSRuntime js, Action changed)
    {
        this.changed = changed;
        watch = new(js, this);
    }

    /// <summary>On a projector: fewer things, larger.</summary>
    public bool Presentation { get; private set; }

    public Task WatchAsync() => watch.AttachAsync("./js/page-look.js", "watch", stop: "stop");

    [JSInvokable]
    public void Tell(bool presentation)
    {
        if (presentation != Presentation)
        {
            Presentation = presentation;
            changed();
        }
    }

    public ValueTask DisposeAsync() => watch.DisposeAsync();
}
