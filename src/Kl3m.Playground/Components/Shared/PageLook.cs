using Microsoft.JSInterop;

namespace Kl3m.Playground.Components.Shared;

/// <summary>The page's palette and mode as the browser keeps them (early.js), chosen here or elsewhere. Used on the circuit's own thread only.</summary>
internal sealed class PageLook(IJSRuntime js, Action changed) : IAsyncDisposable
{
    private DotNetObjectReference<PageLook>? self;
    private IJSObjectReference? watch;

    public string Palette { get; private set; } = "blue";

    /// <summary>On a projector: fewer things, larger.</summary>
    public bool Presentation { get; private set; }

    public async Task WatchAsync()
    {
        self = DotNetObjectReference.Create(this);
        await using var module = await js.InvokeAsync<IJSObjectReference>("import", "./js/page-look.js");
        watch = await module.InvokeAsync<IJSObjectReference>("watch", self);
    }

    public async Task ChoosePaletteAsync(string palette)
    {
        Palette = palette;
        if (watch is not null)
        {
            await watch.InvokeVoidAsync("choose", palette);
        }
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

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (watch is not null)
            {
                await watch.InvokeVoidAsync("stop");
                await watch.DisposeAsync();
            }
        }
        catch (Exception gone) when (gone is JSDisconnectedException or OperationCanceledException)
        {
        }
        self?.Dispose();
    }
}
