using System.Collections.Concurrent;

namespace Kl3m.Playground.Classroom.Nodes;

/// <summary>
/// The other web nodes, as rooms see them: the newest state of each room, the pieces that are too large for it, and news. No key is ever sent;
/// each node knows its own visitors by their keys' hashes.
/// </summary>
internal sealed partial class OtherNodes : IDisposable
{
    /// <summary>How often each node says who is in its rooms.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(3);

    /// <summary>A node that was silent for so long is gone.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(9);

    private readonly ConcurrentDictionary<string, long> lastHeard = new();
    private readonly RoomBoard board;
    private readonly TimeProvider time;
    private readonly ILogger<OtherNodes> logger;
    private readonly ITimer beat;
    private readonly long began;
    private volatile bool awayIsKnown;

    public OtherNodes(RoomBoard board, TimeProvider time, ILogger<OtherNodes> logger)
    {
        (this.board, this.time, this.logger) = (board, time, logger);
        board.Heard += Hear;
        board.Returned += Return;
        began = time.GetTimestamp();
        beat = time.CreateTimer(_ => OnBeat(), null, Beat, Beat);
    }

    /// <summary>This node's own name, new with each start.</summary>
    public string Me { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Another node's news. Raised one by one, on any thread.</summary>
    public event Action<RoomNews>? Heard;

    /// <summary>A node has been silent for too long.</summary>
    public event Action<string>? Gone;

    /// <summary>Time to tell who is here.</summary>
    public event Action? Beating;

    /// <summary>The line is back; what this node knows may be news to the others.</summary>
    public event Action? Returned;

    /// <summary>Whether a node, this one too, is at work. Who has only begun to listen believes it of everybody.</summary>
    public bool IsAlive(string node) => node == Me || lastHeard.ContainsKey(node) || time.GetElapsedTime(began) < Patience;

    /// <summary>A room's newest state; null where none is kept, or none that this version understands.</summary>
    /// <exception cref="BoardAwayException" />
    public async Task<RoomState?> ReadAsync(string code) => await board.ReadRoomAsync(code).ConfigureAwait(false) is { } bytes ? Understand(code, bytes) : null;

    /// <summary>Puts a state in the place of the known one, unless somebody was faster.</summary>
    /// <returns>Null when it is the newest now; else the one that is.</returns>
    /// <exception cref="BoardAwayException">It cannot be reached, or what stands there cannot be read: then it is not touched either.</exception>
    public async Task<RoomState?> WriteAsync(long known, RoomState next)
    {
        var newer = await board.WriteRoomAsync(next.Code, known, next.Version, RoomWire.Bytes(next), Words(new RoomChanged(next.Code, next.Version))).ConfigureAwait(false);
        return newer is null ? null : Understand(next.Code, newer) ?? throw new BoardAwayException();
    }

    /// <summary>The distribution that a room's scene is about; null if it is not there, or is not the one of this id.</summary>
    /// <exception cref="BoardAwayException" />
    public async Task<NextToken?> ReadRowAsync(string code, string id) => await board.ReadAsync("row:" + code).ConfigureAwait(false) is { } bytes ? NextToken.FromBytes(bytes, id) : null;

    /// <exception cref="BoardAwayException" />
    public Task WriteRowAsync(string code, NextToken row) => board.WriteAsync("row:" + code, row.ToBytes());

    /// <summary>A run's pieces from a place on, counted from 0, as they were written.</summary>
    /// <exception cref="BoardAwayException" />
    public Task<IReadOnlyList<byte[]>> ReadRunAsync(string code, string run, int from) => board.ReadListAsync($"run:{code}:{run}", from);

    /// <summary>Appends pieces to a run that has exactly so many, and tells the others.</summary>
    /// <returns>How many pieces are there now.</returns>
    /// <exception cref="BoardAwayException" />
    public Task<int> AppendRunAsync(string code, string run, int length, IReadOnlyList<byte[]> pieces) =>
        board.AppendAsync($"run:{code}:{run}", length, pieces, Words(new RunGrew(code, run)));

    /// <summary>Tells all others. Where nobody can hear it, the next beat will do.</summary>
    public async void Say(RoomNews news)
    {
        try
        {
            await board.SayAsync(Words(news)).ConfigureAwait(false);
            if (awayIsKnown)
            {
                awayIsKnown = false;
                LogBack();
            }
        }
        catch (BoardAwayException)
        {
            if (!awayIsKnown)
            {
                awayIsKnown = true;
                LogAway();
            }
        }
    }

    public void Dispose()
    {
        beat.Dispose();
        board.Heard -= Hear;
        board.Returned -= Return;
    }

    private byte[] Words(RoomNews news) => RoomWire.Bytes(news with { Node = Me });

    private RoomState? Understand(string code, byte[] bytes)
    {
        if (RoomWire.Read<RoomState>(bytes) is { } state && state.Code == code && state.Version >= 0)
        {
            return state;
        }
        LogGarbage(bytes.Length);
        return null;
    }

    private void Hear(ReadOnlyMemory<byte> words)
    {
        if (RoomWire.Read<RoomNews>(words.Span) is not { Node.Length: > 0 and <= 64 } news)
        {
            LogGarbage(words.Length);
        }
        else if (news.Node != Me)
        {
            lastHeard[news.Node] = time.GetTimestamp();
            Heard?.Invoke(news);
        }
    }

    private void Return() => Returned?.Invoke();

    private void OnBeat()
    {
        foreach (var (node, heard) in lastHeard)
        {
            if (awayIsKnown)
            {
                lastHeard[node] = time.GetTimestamp(); // nobody can be heard, so nobody is missed
            }
            else if (time.GetElapsedTime(heard) >= Patience && lastHeard.TryRemove(node, out _))
            {
                Gone?.Invoke(node);
            }
        }
        Beating?.Invoke();
    }

    [LoggerMessage(LogLevel.Warning, "Redis does not answer: rooms stand still, and nobody new finds one, until it does")]
    private partial void LogAway();

    /// <summary>A run of another node could not be read to its end.</summary>
    /// <param name="failure">Null where a piece is none of this version's.</param>
    public void TellBroken(string run, Exception? failure) => LogBroken(failure, run, failure?.Message ?? "a piece of it is none of this version's");

    [LoggerMessage(LogLevel.Warning, "The presented run {Run} is not read on: {Reason}")]
    private partial void LogBroken(Exception? failure, string run, string reason);

    [LoggerMessage(LogLevel.Information, "Redis answers again")]
    private partial void LogBack();

    [LoggerMessage(LogLevel.Warning, "{Length} bytes in Redis are none of this version's rooms; they are left alone")]
    private partial void LogGarbage(int length);
}
