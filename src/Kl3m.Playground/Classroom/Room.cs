using System.Diagnostics.CodeAnalysis;
using Kl3m.Inference;
using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom;

/// <summary>
/// A class at work: the state that commands change, and beside it the run or page that the teacher presents, the model's distribution behind a
/// question, and who is connected. Any thread may call it. With several nodes each has a room of its own with the same state (Room.Nodes.cs); alone
/// everything is done when a call returns.
/// </summary>
/// <param name="nodes">The other web nodes; null where there are none.</param>
[SuppressMessage("Reliability", "CA1001", Justification = "A semaphore whose wait handle nobody asks for holds nothing.")]
internal sealed partial class Room(RoomState opened, int seats, TimeProvider time, OtherNodes? nodes = null)
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim turn = new(1);
    private readonly Dictionary<string, int> connected = [];
    private volatile RoomMoment moment = new(opened);

    /// <summary>What students ask of the engine at their own desks.</summary>
    public RoomUse Use { get; } = new(time);

    /// <summary>Raised after each change, on the thread that made it.</summary>
    public event Action? Changed;

    public RoomState State => moment.State;

    public string Code => moment.State.Code;

    /// <summary>What the model thinks of the place that the scene is at. Shown to students by nobody before the reveal.</summary>
    public NextToken? Row => moment.Row;

    /// <summary>The teacher's run, which everybody watches: one generation, however many look.</summary>
    public Run? Run => moment.Run;

    /// <summary>What wrote it: names its tokens. Null where another node did.</summary>
    public ITextGenerator? Writer => moment.Writer;

    /// <summary>What the class was asked of last, in this process: it splits and names the question's tokens, unloaded meanwhile or not.</summary>
    public ITextGenerator? Asked { get; set; }

    /// <summary>What the teacher's page shows, while it is followed.</summary>
    public PageView? View => moment.View;

    /// <summary>Does what the command says if the key allows it; else says why not, and changes nothing.</summary>
    /// <param name="next">The model's distribution, with commands that move to another place.</param>
    public ValueTask<Refusal?> DoAsync(string? key, RoomCommand command, NextToken? next = null) => ChangeAsync(now => Apply(now, key, command, next));

    /// <summary>What the teacher's page generates is what everybody sees.</summary>
    public ValueTask<Refusal?> PresentRunAsync(string? key, Present command, Run? presented, ITextGenerator? by) =>
        ChangeAsync(now => Apply(now with { Run = presented, Writer = by }, key, command with { Run = Share(presented) }, null));

    /// <summary>What the teacher's page shows is what everybody sees.</summary>
    public ValueTask<Refusal?> PresentPageAsync(string? key, ShowLink command, PageView shown) =>
        ChangeAsync(now => Apply(now with { View = shown }, key, command, null));

    /// <summary>A seat for a new student, and the key to it, which only the student's browser keeps.</summary>
    public async ValueTask<(string? Key, Refusal? Refusal)> JoinAsync(string? nickname)
    {
        var key = RoomKey.New();
        var refusal = await ChangeAsync(now => Seat(now, nickname, RoomKey.Hash(key))).ConfigureAwait(false);
        return refusal is null ? (key, null) : (null, refusal);
    }

    /// <summary>Whose key it is; null for nobody's.</summary>
    public RoomCaller? Identify(string? key) => Identify(State, key);

    /// <summary>How many pages the student has open and connected.</summary>
    public bool IsPresent(string studentId)
    {
        lock (gate)
        {
            return connected.GetValueOrDefault(studentId) > 0 || elsewhere.Values.Any(here => here.Contains(studentId));
        }
    }

    /// <summary>A page of this person came (1) or went (-1).</summary>
    /// <param name="id">The student's id.</param>
    public void Connect(string id, int change)
    {
        lock (gate)
        {
            connected[id] = Math.Max(0, connected.GetValueOrDefault(id) + change);
        }
        TellPresence();
        Changed?.Invoke();
    }

    /// <summary>Ends the room whatever its keys say, if it was idle for so long.</summary>
    public ValueTask<Refusal?> ExpireAsync(TimeSpan idle) => ChangeAsync(now => now.State.Closed || time.GetUtcNow() - now.State.LastActive < idle
        ? (now, Refusal.Late)
        : (new(now.State with { Closed = true, Scene = null, Row = null, Students = [], Version = now.State.Version + 1 }), null));

    private static (RoomMoment, Refusal?) Apply(RoomMoment now, string? key, RoomCommand command, NextToken? next)
    {
        if (Identify(now.State, key) is not { } caller)
        {
            return (now, now.State.Closed ? Refusal.Closed : Refusal.Stranger);
        }
        var opens = command is AskQuestion or StartGame;
        var (changed, refusal) = RoomRules.Apply(now.State, caller, command, opens ? next : now.Row);
        if (refusal is not null)
        {
            return (now, refusal);
        }
        return (changed.Scene switch
        {
            QuestionScene or GameScene when opens => new(changed with { Row = next!.Id }, next),
            QuestionScene or GameScene => new(changed, now.Row),
            PresentationScene => new(changed with { Row = null }, null, now.Run, now.Writer),
            LinkScene { IsLive: true } => new(changed with { Row = null }, View: now.View),
            _ => new(changed with { Row = null }),
        }, null);
    }

    private (RoomMoment, Refusal?) Seat(RoomMoment now, string? nickname, string hash)
    {
        var state = now.State;
        if (state.Closed)
        {
            return (now, Refusal.Closed);
        }
        if (state.Locked)
        {
            return (now, new(RefusalKind.Later, "The teacher has locked this room: nobody new comes in. Ask to have it opened."));
        }
        if (state.Students.Count >= seats)
        {
            return (now, new(RefusalKind.Later, $"All {seats} seats are taken."));
        }
        var name = Nickname.Free(nickname, [.. state.Students.Select(student => student.Name)], Random.Shared);
        return (now with { State = state with { Students = state.Students.Add(new(hash[..12], name, hash)), Version = state.Version + 1 } }, null);
    }

    private static RoomCaller? Identify(RoomState state, string? key)
    {
        if (key is not { Length: > 0 and < 100 })
        {
            return null;
        }
        var hash = RoomKey.Hash(key);
        return RoomKey.Fits(hash, state.TeacherKeyHash) ? new(true, null)
            : state.Students.Find(student => RoomKey.Fits(hash, student.KeyHash)) is { } found ? new(false, found)
            : null;
    }

    /// <summary>
    /// Makes the next moment of the newest one. Changes of this process come one after another; where another node was faster, the rule
    /// is asked again about what that one made.
    /// </summary>
    private async ValueTask<Refusal?> ChangeAsync(Func<RoomMoment, (RoomMoment Next, Refusal? Refusal)> rule)
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            while (true)
            {
                var known = nodes is null ? moment : await WholeAsync(moment).ConfigureAwait(false);
                var (next, refusal) = rule(known);
                if (refusal is not null)
                {
                    return refusal;
                }
                next = next with { State = next.State with { LastActive = time.GetUtcNow() } };
                if (nodes is null || await WriteAsync(known, next).ConfigureAwait(false))
                {
                    Take(next);
                    break;
                }
            }
        }
        catch (BoardAwayException)
        {
            return Refusal.Away;
        }
        finally
        {
            turn.Release();
        }
        Changed?.Invoke();
        return null;
    }

    /// <returns>Whether it is newer than what was there.</returns>
    private bool Take(RoomMoment next)
    {
        lock (gate)
        {
            if (next.State.Version <= moment.State.Version)
            {
                return false;
            }
            moment = next;
            return true;
        }
    }
}
