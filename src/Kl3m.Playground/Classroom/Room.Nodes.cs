using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom;

/// <summary>The room among several nodes: what others made of it, who is there at theirs, and the run that is written at one of them.</summary>
internal sealed partial class Room
{
    private readonly Dictionary<string, HashSet<string>> elsewhere = [];
    private readonly RunSender? sender = nodes is null ? null : new(nodes, opened.Code, time);
    private RunReader? reader;
    private long wanted;
    private bool seeking;

    /// <summary>Another node's news of this room.</summary>
    public void Hear(RoomNews news)
    {
        switch (news)
        {
            case RoomChanged changed:
                Seek(changed.Version);
                break;
            case RoomPresence presence:
                Note(presence);
                Seek(presence.Version);
                break;
            case RunGrew grew when grew.Run == RunIdOf(State):
                _ = FollowRunAsync();
                break;
        }
    }

    /// <summary>Tells the others who is here, and looks after what may have been missed.</summary>
    /// <param name="asks">The others should tell theirs.</param>
    public void Beat(bool asks = false)
    {
        TellPresence(asks);
        _ = CompleteAsync();
    }

    /// <summary>A node is gone, with its pages and with what it was writing.</summary>
    public void Lose(string node)
    {
        RunReader? left;
        lock (gate)
        {
            elsewhere.Remove(node);
            left = reader;
        }
        left?.Lose(node);
        Changed?.Invoke();
    }

    /// <summary>After the line was away: what this node knows is put back if nothing newer is there.</summary>
    public async Task RestoreAsync()
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            var now = moment;
            if (await nodes!.WriteAsync(now.State.Version, now.State).ConfigureAwait(false) is { } newer)
            {
                Receive(newer);
            }
            else if (now.Row is { } row)
            {
                await nodes.WriteRowAsync(Code, row).ConfigureAwait(false);
            }
            if (now.Run is { } run && now.Writer is not null)
            {
                sender!.Check(run);
            }
        }
        catch (BoardAwayException)
        {
            // Away again; the next return tries anew.
        }
        finally
        {
            turn.Release();
        }
        Beat(asks: true);
    }

    /// <summary>Reads the newest state now.</summary>
    /// <exception cref="BoardAwayException" />
    public async Task RefreshAsync()
    {
        if (await nodes!.ReadAsync(Code).ConfigureAwait(false) is { } newest)
        {
            Receive(newest);
        }
    }

    private string? Share(Run? presented) => presented is null ? null : sender?.Share(presented);

    private void TellPresence(bool asks = false)
    {
        if (nodes is null)
        {
            return;
        }
        string[] here;
        lock (gate)
        {
            here = [.. connected.Where(one => one.Value > 0).Select(one => one.Key)];
        }
        nodes.Say(new RoomPresence(Code, State.Version, here, asks));
    }

    private void Note(RoomPresence presence)
    {
        bool changed;
        lock (gate)
        {
            changed = elsewhere.TryGetValue(presence.Node, out var known) ? !known.SetEquals(presence.Here) : presence.Here.Count > 0;
            elsewhere[presence.Node] = [.. presence.Here];
        }
        if (presence.Asks)
        {
            TellPresence();
        }
        if (changed)
        {
            Changed?.Invoke();
        }
    }

    /// <returns>False when another node was faster; then its state is the one now.</returns>
    private async Task<bool> WriteAsync(RoomMoment known, RoomMoment next)
    {
        // First what the state speaks of, so that whoever reads the state finds it.
        if (next.Row is { } row && row.Id != known.State.Row)
        {
            await nodes!.WriteRowAsync(Code, row).ConfigureAwait(false);
        }
        if (await nodes!.WriteAsync(known.State.Version, next.State).ConfigureAwait(false) is not { } newer)
        {
            return true;
        }
        Receive(newer);
        return false;
    }

    private void Receive(RoomState newer)
    {
        lock (gate)
        {
            if (newer.Version <= moment.State.Version)
            {
                return;
            }
            var same = RunIdOf(newer) is { } run && run == RunIdOf(moment.State);
            moment = new(newer, newer.Row == moment.State.Row ? moment.Row : null, same ? moment.Run : null, same ? moment.Writer : null, newer.Scene == moment.State.Scene ? moment.View : null);
        }
        Changed?.Invoke();
        _ = CompleteAsync();
    }

    /// <summary>Reads the newest state: once for however much news came meanwhile.</summary>
    private void Seek(long version)
    {
        lock (gate)
        {
            wanted = Math.Max(wanted, version);
            if (seeking || wanted <= moment.State.Version)
            {
                return;
            }
            seeking = true;
        }
        _ = SeekAsync();
    }

    private async Task SeekAsync()
    {
        while (true)
        {
            RoomState? newer = null;
            var known = State.Version;
            try
            {
                newer = await nodes!.ReadAsync(Code).ConfigureAwait(false);
            }
            catch (BoardAwayException)
            {
                // Away, which the board has logged; the next news or beat looks again.
            }
            if (newer is not null)
            {
                Receive(newer);
            }
            lock (gate)
            {
                // What is not there now (Redis may have come back without it) is looked for again at the next beat.
                if (newer is null || newer.Version <= known || wanted <= moment.State.Version)
                {
                    (seeking, wanted) = (false, 0);
                    return;
                }
            }
        }
    }

    /// <summary>Fetches what the state speaks of and this process lacks.</summary>
    private async Task CompleteAsync()
    {
        try
        {
            var now = moment;
            if (!ReferenceEquals(await WholeAsync(now).ConfigureAwait(false), now))
            {
                Changed?.Invoke();
            }
        }
        catch (BoardAwayException)
        {
            // Fetched when a command needs it, or with the next news.
        }
        await FollowRunAsync().ConfigureAwait(false);
    }

    private async ValueTask<RoomMoment> WholeAsync(RoomMoment now)
    {
        if (now.State.Row is not { } id || now.Row is not null || await nodes!.ReadRowAsync(Code, id).ConfigureAwait(false) is not { } row)
        {
            return now;
        }
        lock (gate)
        {
            if (moment.State.Row == id)
            {
                moment = moment with { Row = row };
            }
        }
        return now with { Row = row };
    }

    private async Task FollowRunAsync()
    {
        if (RunIdOf(State) is not { } id || sender!.Wrote(id))
        {
            return;
        }
        RunReader follows;
        lock (gate)
        {
            follows = reader = reader?.Id == id ? reader : new(nodes!, Code, id, time);
        }
        await follows.ReadAsync().ConfigureAwait(false);
        lock (gate)
        {
            if (moment.Run is not null || follows.Run is null || RunIdOf(moment.State) != id)
            {
                return;
            }
            moment = moment with { Run = follows.Run };
        }
        Changed?.Invoke();
    }

    private static string? RunIdOf(RoomState state) => (state.Scene as PresentationScene)?.RunId;
}
