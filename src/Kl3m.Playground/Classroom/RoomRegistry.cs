using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Classroom;

/// <summary>The rooms of this server, and the only way to find one: a code, with few tries. Any thread may call it.</summary>
internal sealed partial class RoomRegistry : IDisposable
{
    private const string Everybody = "";

    private readonly ConcurrentDictionary<string, Room> rooms = new();
    private readonly ClassroomOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<RoomRegistry> logger;
    private readonly Allowance wrongOfOne;
    private readonly Allowance wrongOfAll;
    private readonly Allowance openings;
    private readonly ITimer sweep;

    public RoomRegistry(IOptions<ClassroomOptions> options, TimeProvider time, ILogger<RoomRegistry> logger)
    {
        (this.options, this.time, this.logger) = (options.Value, time, logger);
        var minute = TimeSpan.FromMinutes(1);
        wrongOfOne = new(this.options.WrongCodesPerAddress, minute, time);
        wrongOfAll = new(this.options.WrongCodes, minute, time);
        openings = new(this.options.RoomsPerAddress, TimeSpan.FromHours(1), time);
        sweep = time.CreateTimer(_ => Sweep(), null, minute, minute);
    }

    public int Count => rooms.Count;

    /// <param name="address">Whose request it is, for the limits.</param>
    /// <returns>The room and the teacher's key, which nobody keeps but the caller's browser; or why there is none.</returns>
    public (Room? Room, string? Key, Refusal? Refusal) Open(string address)
    {
        if (openings.IsSpent(address))
        {
            return (null, null, new(RefusalKind.Later, "Too many rooms were opened from here within the hour."));
        }
        if (rooms.Count >= options.MaxRooms)
        {
            return (null, null, new(RefusalKind.Later, "All rooms are taken; try again later."));
        }
        openings.Spend(address);
        var key = RoomKey.New();
        while (true)
        {
            var state = new RoomState { Code = RoomCode.New(), TeacherKeyHash = RoomKey.Hash(key), LastActive = time.GetUtcNow() };
            var room = new Room(state, options.Seats, time);
            if (rooms.TryAdd(state.Code, room))
            {
                LogOpened(rooms.Count);
                return (room, key, null);
            }
        }
    }

    /// <summary>
    /// Finds a room for somebody who typed its code. Once too many wrong ones were tried, right ones are not told from wrong ones either,
    /// so that trying on gains nothing.
    /// </summary>
    public (Room? Room, Refusal? Refusal) Find(string? typed, string address)
    {
        if (wrongOfOne.IsSpent(address) || wrongOfAll.IsSpent(Everybody))
        {
            return (null, new(RefusalKind.Later, "Too many wrong codes were tried. Wait a minute and try again."));
        }
        if (RoomCode.Read(typed) is { } code && rooms.TryGetValue(code, out var room) && !room.State.Closed)
        {
            return (room, null);
        }
        wrongOfOne.Spend(address);
        wrongOfAll.Spend(Everybody);
        return (null, new(RefusalKind.Gone, "There is no open room with this code. Look at the wall again: six letters and digits."));
    }

    /// <summary>Finds the room that a key opens: coming back takes no tries from anybody.</summary>
    public Room? Return(string? code, string? key) =>
        RoomCode.Read(code) is { } known && rooms.TryGetValue(known, out var room) && !room.State.Closed && room.Identify(key) is not null ? room : null;

    public void Dispose() => sweep.Dispose();

    private void Sweep()
    {
        foreach (var (code, room) in rooms)
        {
            var idle = time.GetUtcNow() - room.State.LastActive >= TimeSpan.FromMinutes(options.IdleMinutes);
            if (idle && !room.State.Closed)
            {
                room.Expire();
            }
            if (room.State.Closed)
            {
                rooms.TryRemove(code, out _);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "A room was opened; {Count} are open")]
    private partial void LogOpened(int count);
}
