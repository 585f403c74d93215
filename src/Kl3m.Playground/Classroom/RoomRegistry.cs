using System.Collections.Concurrent;
using Kl3m.Playground.Classroom.Nodes;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Classroom;

/// <summary>
/// The rooms of this server and, where there are several, those of the other nodes that somebody asked for here; and the only way to find one: a
/// code, with few tries, which all nodes count together. Any thread may call it.
/// </summary>
internal sealed partial class RoomRegistry : IDisposable
{
    private const string Everybody = "";

    private static readonly Refusal NoSuchRoom = new(RefusalKind.Gone, "There is no open room with this code. Look at the wall again: six letters and digits.");

    private readonly ConcurrentDictionary<string, Room> rooms = new();
    private readonly ClassroomOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<RoomRegistry> logger;
    private readonly OtherNodes? nodes;
    private readonly Allowance wrongOfOne;
    private readonly Allowance wrongOfAll;
    private readonly Allowance openings;
    private readonly ITimer sweep;

    /// <param name="nodes">The other web nodes; none where nothing is configured that they could share.</param>
    public RoomRegistry(IOptions<ClassroomOptions> options, TimeProvider time, ILogger<RoomRegistry> logger, OtherNodes? nodes = null)
    {
        (this.options, this.time, this.logger, this.nodes) = (options.Value, time, logger, nodes);
        var minute = TimeSpan.FromMinutes(1);
        wrongOfOne = new(this.options.WrongCodesPerAddress, minute, time);
        wrongOfAll = new(this.options.WrongCodes, minute, time);
        openings = new(this.options.RoomsPerAddress, TimeSpan.FromHours(1), time);
        sweep = time.CreateTimer(_ => Sweep(), null, minute, minute);
        if (nodes is not null)
        {
            nodes.Heard += Hear;
            nodes.Gone += Lose;
            nodes.Beating += Beat;
            nodes.Returned += Restore;
        }
    }

    /// <summary>Rooms that this process has.</summary>
    public int Count => rooms.Count;

    /// <param name="address">Whose request it is, for the limits.</param>
    /// <returns>The room and the teacher's key, which nobody keeps but the caller's browser; or why there is none.</returns>
    public async ValueTask<(Room? Room, string? Key, Refusal? Refusal)> OpenAsync(string address)
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
        nodes?.Say(new TrySpent(TryKind.Opening, address));
        var key = RoomKey.New();
        while (true)
        {
            var state = new RoomState { Code = RoomCode.New(), TeacherKeyHash = RoomKey.Hash(key), LastActive = time.GetUtcNow() };
            try
            {
                if (nodes is not null && await nodes.WriteAsync(-1, state).ConfigureAwait(false) is not null)
                {
                    continue; // another node has a room of this code
                }
            }
            catch (BoardAwayException)
            {
                return (null, null, Refusal.Away);
            }
            var room = new Room(state, options.Seats, time, nodes);
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
    public async ValueTask<(Room? Room, Refusal? Refusal)> FindAsync(string? typed, string address)
    {
        if (wrongOfOne.IsSpent(address) || wrongOfAll.IsSpent(Everybody))
        {
            return (null, new(RefusalKind.Later, "Too many wrong codes were tried. Wait a minute and try again."));
        }
        // The try is spent before anything is asked: a thousand at once would otherwise all pass the check.
        SpendWrong(address);
        try
        {
            if (await LookAsync(RoomCode.Read(typed)).ConfigureAwait(false) is { State.Closed: false } room)
            {
                GiveBack(address);
                return (room, null);
            }
        }
        catch (BoardAwayException)
        {
            GiveBack(address);
            return (null, Refusal.Away);
        }
        nodes?.Say(new TrySpent(TryKind.WrongCode, address));
        return (null, NoSuchRoom);
    }

    /// <summary>Finds the room that a key opens: coming back takes no tries from anybody.</summary>
    /// <exception cref="BoardAwayException">The other nodes cannot be asked.</exception>
    public async ValueTask<Room?> ReturnAsync(string? code, string? key)
    {
        if (key is not { Length: > 0 } || await LookAsync(RoomCode.Read(code)).ConfigureAwait(false) is not { } room)
        {
            return null;
        }
        if (nodes is not null && !room.State.Closed && room.Identify(key) is null)
        {
            await room.RefreshAsync().ConfigureAwait(false); // the seat may be so new that this node has not heard of it
        }
        return !room.State.Closed && room.Identify(key) is not null ? room : null;
    }

    public void Dispose()
    {
        sweep.Dispose();
        if (nodes is not null)
        {
            nodes.Heard -= Hear;
            nodes.Gone -= Lose;
            nodes.Beating -= Beat;
            nodes.Returned -= Restore;
        }
    }

    private void SpendWrong(string address)
    {
        wrongOfOne.Spend(address);
        wrongOfAll.Spend(Everybody);
    }

    private void GiveBack(string address)
    {
        wrongOfOne.GiveBack(address);
        wrongOfAll.GiveBack(Everybody);
    }

    /// <summary>A room that is here, or that another node has opened.</summary>
    private async ValueTask<Room?> LookAsync(string? code)
    {
        if (code is null)
        {
            return null;
        }
        if (rooms.TryGetValue(code, out var room) || nodes is null)
        {
            return room;
        }
        if (await nodes.ReadAsync(code).ConfigureAwait(false) is not { Closed: false } state)
        {
            return null;
        }
        room = rooms.GetOrAdd(code, _ => new(state, options.Seats, time, nodes));
        room.Beat(asks: true);
        return room;
    }

    private void Sweep()
    {
        foreach (var (code, room) in rooms)
        {
            _ = room.ExpireAsync(TimeSpan.FromMinutes(options.IdleMinutes)).AsTask();
            if (room.State.Closed)
            {
                rooms.TryRemove(code, out _);
            }
        }
    }

    private void Hear(RoomNews news)
    {
        switch (news)
        {
            case TrySpent { Kind: TryKind.WrongCode } wrong:
                SpendWrong(wrong.Address);
                break;
            case TrySpent opened:
                openings.Spend(opened.Address);
                break;
            case RoomChanged { Code: var code }:
                rooms.GetValueOrDefault(code)?.Hear(news);
                break;
            case RoomPresence { Code: var code }:
                rooms.GetValueOrDefault(code)?.Hear(news);
                break;
            case RunGrew { Code: var code }:
                rooms.GetValueOrDefault(code)?.Hear(news);
                break;
        }
    }

    private void Lose(string node) => ForEach(room => room.Lose(node));

    private void Beat() => ForEach(room => room.Beat());

    private void Restore() => ForEach(room => _ = room.RestoreAsync());

    private void ForEach(Action<Room> act)
    {
        foreach (var (_, room) in rooms)
        {
            act(room);
        }
    }

    [LoggerMessage(LogLevel.Information, "A room was opened; {Count} are open")]
    private partial void LogOpened(int count);
}
