using System.Text.Json;
using Microsoft.JSInterop;

namespace Kl3m.Playground.Components.Shared;

/// <summary>
/// The browser's own storage (localStorage), which the server reads and writes through one module and keeps nothing of. A browser may
/// refuse (private windows, a full storage): then things are not remembered, and nothing else happens. Used on the circuit's own thread only.
/// </summary>
internal sealed class BrowserStorage(IJSRuntime js) : IAsyncDisposable
{
    /// <summary>Longest value, in characters; browsers give a site about five million.</summary>
    public const int MaxLength = 400_000;

    private IJSObjectReference? module;

    public async ValueTask<string?> GetAsync(string key)
    {
        try
        {
            return await (await ModuleAsync()).InvokeAsync<string?>("get", key, MaxLength);
        }
        catch (Exception gone) when (IsGone(gone))
        {
            return null;
        }
    }

    /// <summary>A list that was put down as JSON: what <paramref name="isWhole"/> takes of it, at most so many. What is not ours, or not even Unicode, counts as nothing.</summary>
    public async ValueTask<IReadOnlyList<T>> GetListAsync<T>(string key, Func<T, bool> isWhole, int most) where T : class
    {
        try
        {
            var entries = await GetAsync(key) is { } text ? JsonSerializer.Deserialize<List<T?>>(text) : null;
            return [.. (entries ?? []).OfType<T>().Where(isWhole).Take(most)];
        }
        catch (Exception foreign) when (foreign is JsonException or ArgumentException)
        {
            return [];
        }
    }

    /// <summary>False where the browser has no room or does not want to.</summary>
    public async ValueTask<bool> SetAsync(string key, string value)
    {
        try
        {
            return value.Length <= MaxLength && await (await ModuleAsync()).InvokeAsync<bool>("set", key, value);
        }
        catch (Exception gone) when (IsGone(gone))
        {
            return false;
        }
    }

    public async ValueTask RemoveAsync(string key)
    {
        try
        {
            await (await ModuleAsync()).InvokeVoidAsync("remove", key);
        }
        catch (Exception gone) when (IsGone(gone))
        {
            // The tab is gone.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (module is not null)
        {
            try
            {
                await module.DisposeAsync();
            }
            catch (Exception gone) when (IsGone(gone))
            {
                // The tab is gone.
            }
        }
    }

    private async ValueTask<IJSObjectReference> ModuleAsync() => module ??= await js.InvokeAsync<IJSObjectReference>("import", "./js/storage.js");

    private static bool IsGone(Exception exception) => exception is JSDisconnectedException or OperationCanceledException or ObjectDisposedException or JSException;
}
