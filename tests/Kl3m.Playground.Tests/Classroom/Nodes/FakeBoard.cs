using Kl3m.Playground.Classroom.Nodes;

namespace Kl3m.Playground.Tests.Classroom.Nodes;

/// <summary>What several nodes share, in memory; each has a line of its own to it.</summary>
internal sealed class FakeTable
{
    private readonly List<FakeBoard> lines = [];

    public Lock Gate { get; } = new();

    public Dictionary<string, (long Version, byte[] State)> Rooms { get; } = [];

    public Dictionary<string, byte[]> Pieces { get; } = [];

    public Dictionary<string, List<byte[]>> Lists { get; } = [];

    /// <summary>Everything that was ever said or kept.</summary>
    public List<byte[]> Everything { get; } = [];

    public FakeBoard Line()
    {
        var line = new FakeBoard(this);
        lines.Add(line);
        return line;
    }

    public void Say(byte[] words)
    {
        lock (Gate)
        {
            Everything.Add(words);
        }
        lines.ForEach(line => line.Deliver(words));
    }

    /// <summary>It goes down for everybody, and what it held is gone.</summary>
    public void Crash()
    {
        lines.ForEach(line => line.IsAway = true);
        Rooms.Clear();
        Pieces.Clear();
        Lists.Clear();
    }

    public void ComeBack()
    {
        lines.ForEach(line => line.IsAway = line.IsCut);
        lines.Where(line => !line.IsCut).ToList().ForEach(line => line.Tell());
    }
}

/// <summary>One node's line to the table. Answers and delivers at once.</summary>
internal sealed class FakeBoard(FakeTable table) : RoomBoard
{
    public bool IsAway { get; set; }

    public bool IsCut { get; private set; }

    /// <summary>Comes before the next write, once.</summary>
    public Action? BeforeWrite { get; set; }

    public void Deliver(byte[] words)
    {
        if (!IsAway)
        {
            Hear(words);
        }
    }

    public void Tell() => Return();

    /// <summary>For good: the node is dead.</summary>
    public void Cut() => IsCut = IsAway = true;

    public override Task<byte[]?> ReadRoomAsync(string code) => Ask(() => table.Rooms.TryGetValue(code, out var room) ? room.State : null);

    public override Task<byte[]?> WriteRoomAsync(string code, long known, long version, byte[] state, byte[] words)
    {
        (var before, BeforeWrite) = (BeforeWrite, null);
        before?.Invoke();
        var written = false;
        var newer = Ask(() =>
        {
            if (table.Rooms.TryGetValue(code, out var kept) && kept.Version > known)
            {
                return kept.State;
            }
            written = kept.State is null || kept.Version != version;
            if (written)
            {
                table.Rooms[code] = (version, state);
                table.Everything.Add(state);
            }
            return null;
        });
        if (written)
        {
            table.Say(words);
        }
        return newer;
    }

    public override Task<byte[]?> ReadAsync(string name) => Ask(() => table.Pieces.GetValueOrDefault(name));

    public override Task WriteAsync(string name, byte[] bytes) => Ask(() => table.Pieces[name] = bytes);

    public override Task<IReadOnlyList<byte[]>> ReadListAsync(string name, int from) =>
        Ask<IReadOnlyList<byte[]>>(() => [.. table.Lists.GetValueOrDefault(name, []).Skip(from)]);

    public override Task<int> AppendAsync(string name, int length, IReadOnlyList<byte[]> pieces, byte[] words)
    {
        var grew = false;
        var answer = Ask(() =>
        {
            if (!table.Lists.TryGetValue(name, out var list))
            {
                table.Lists[name] = list = [];
            }
            if (list.Count == length)
            {
                list.AddRange(pieces);
                table.Everything.AddRange(pieces);
                grew = pieces.Count > 0;
            }
            return list.Count;
        });
        if (grew)
        {
            table.Say(words);
        }
        return answer;
    }

    public override Task SayAsync(byte[] words)
    {
        if (IsAway)
        {
            return Task.FromException(new BoardAwayException());
        }
        table.Say(words);
        return Task.CompletedTask;
    }

    private Task<T> Ask<T>(Func<T> ask)
    {
        if (IsAway)
        {
            return Task.FromException<T>(new BoardAwayException());
        }
        lock (table.Gate)
        {
            return Task.FromResult(ask());
        }
    }
}
