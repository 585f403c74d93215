using Microsoft.JSInterop;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>The browser's memory for room keys (classroom.js). A tab that is gone, or a browser that refuses, answers nothing.</summary>
internal static class RoomKeys
{
    public static Task<bool> KeepRoomAsync(this IJSRuntime js, string code, string key, bool teacher) => CallAsync<bool>(js, "keep", code, key, teacher);

    /// <summary>This tab is in the room: whatever page is loaded anew in it, it still is.</summary>
    public static Task<bool> TakeSeatAsync(this IJSRuntime js, string code) => CallAsync<bool>(js, "sit", code);

    /// <summary>The room that this tab was in before it was loaded anew.</summary>
    public static Task<KeptRoom?> FindSeatAsync(this IJSRuntime js) => CallAsync<KeptRoom>(js, "seat");

    public static Task<KeptRoom?> RecallRoomAsync(this IJSRuntime js, string code) => CallAsync<KeptRoom>(js, "recall", code);

    public static Task<bool> ForgetRoomAsync(this IJSRuntime js, string code) => CallAsync<bool>(js, "forget", code);

    public static async Task<IReadOnlyList<KeptRoom>> LastRoomsAsync(this IJSRuntime js) => await CallAsync<KeptRoom[]>(js, "last") ?? [];

    private static async Task<T?> CallAsync<T>(IJSRuntime js, string function, params object?[] arguments)
    {
        try
        {
            await using var module = await js.InvokeAsync<IJSObjectReference>("import", "./js/classroom.js");
            return await module.InvokeAsync<T?>(function, arguments);
        }
        catch (Exception gone) when (gone is JSDisconnectedException or JSException or OperationCanceledException or ObjectDisposedException)
        {
            return default;
        }
    }
}
