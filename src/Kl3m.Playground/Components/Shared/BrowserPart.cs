using Microsoft.JSInterop;

namespace Kl3m.Playground.Components.Shared;

/// <summary>
/// What a component has in the browser: an object that one of our modules made for it, which calls back into
/// <typeparamref name="TOwner"/>. A tab or a component may go at any moment, also while the object is being made: calls then do nothing.
/// Used on the circuit's own thread only.
/// </summary>
internal sealed class BrowserPart<TOwner>(IJSRuntime js, TOwner owner) : IAsyncDisposable
    where TOwner : class
{
    private readonly DotNetObjectReference<TOwner> self = DotNetObjectReference.Create(owner);
    private IJSObjectReference? part;
    private string stopName = "";
    private bool disposed;

    public bool IsAttached => part is not null && !disposed;

    /// <summary>Calls the module's function with the arguments and, last, the owner; keeps the object that it returns.</summary>
    /// <param name="stop">The object's function that ends it.</param>
    public async Task AttachAsync(string module, string function, string stop, params object?[] arguments)
    {
        stopName = stop;
        try
        {
            await using var imported = await js.InvokeAsync<IJSObjectReference>("import", module);
            if (!disposed)
            {
                part = await imported.InvokeAsync<IJSObjectReference>(function, [.. arguments, self]);
                if (disposed)
                {
                    await DetachAsync();
                }
            }
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // The tab is gone, and the part with it.
        }
    }

    public async ValueTask CallAsync(string function, params object?[] arguments)
    {
        if (IsAttached)
        {
            try
            {
                await part!.InvokeVoidAsync(function, arguments);
            }
            catch (Exception gone) when (IsGone(gone))
            {
                // The tab is gone, and the part with it.
            }
        }
    }

    /// <summary>The function's answer; the default when there is nobody to ask any more, or no answer in time.</summary>
    public async ValueTask<T?> AskAsync<T>(string function, TimeSpan patience, params object?[] arguments)
    {
        if (IsAttached)
        {
            try
            {
                return await part!.InvokeAsync<T>(function, patience, arguments);
            }
            catch (Exception gone) when (IsGone(gone))
            {
                // The tab is gone, and the part with it.
            }
        }
        return default;
    }

    public async ValueTask DisposeAsync()
    {
        disposed = true;
        await DetachAsync();
        self.Dispose();
    }

    private async Task DetachAsync()
    {
        if (part is { } ending)
        {
            part = null;
            try
            {
                await ending.InvokeVoidAsync(stopName);
                await ending.DisposeAsync();
            }
            catch (Exception gone) when (IsGone(gone))
            {
                // The tab is gone, and the part with it.
            }
        }
    }

    private static bool IsGone(Exception exception) => exception is JSDisconnectedException or OperationCanceledException or ObjectDisposedException;
}
