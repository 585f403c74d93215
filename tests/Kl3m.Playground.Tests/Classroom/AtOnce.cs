using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Pages.Classroom;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>A room of the only node has done what it was asked when the call returns; each call here holds it to that.</summary>
internal static class AtOnce
{
    public static Refusal? Do(this Room room, string? key, RoomCommand command, NextToken? next = null) => Done(room.DoAsync(key, command, next).AsTask());

    public static string? Open(this ClassroomState visitor) => Done(visitor.OpenAsync());

    public static string? Join(this ClassroomState visitor, string? code, string? nickname) => Done(visitor.JoinAsync(code, nickname));

    public static bool Return(this ClassroomState visitor, string? code, string? key) => Done(visitor.ReturnAsync(code, key));

    public static bool Do(this ClassroomState visitor, RoomCommand command) => Done(visitor.DoAsync(command));

    public static Refusal? PresentPage(this Room room, string? key, ShowLink command, PageView shown) => Done(room.PresentPageAsync(key, command, shown).AsTask());

    public static bool ShowLink(this ClassroomState visitor, string address) => Done(visitor.ShowLinkAsync(address));

    public static void Leave(this ClassroomState visitor) => Assert.True(visitor.LeaveAsync().IsCompletedSuccessfully);

    public static (Room? Room, Refusal? Refusal) Find(this RoomRegistry rooms, string? code, string address) => Done(rooms.FindAsync(code, address).AsTask());

    public static Room? Return(this RoomRegistry rooms, string? code, string? key) => Done(rooms.ReturnAsync(code, key).AsTask());

    private static T Done<T>(Task<T> task)
    {
        Assert.True(task.IsCompletedSuccessfully, "It was not done when the call returned.");
        return task.Result;
    }
}
