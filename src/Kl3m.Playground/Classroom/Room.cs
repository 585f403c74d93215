using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom;

/// <summary>
/// A class at work: the state that commands change, and beside it what lives in this process only: the run or page that the teacher presents, the
/// model's distribution behind a question, and who is connected. Any thread may call it.
/// </summary>
internal sealed class Room(RoomState opened, int seats, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> connected = [];
    private volatile RoomState state = opened;
    private volatile NextToken? row;
    private volatile Run? run;
    private volatile ITextGenerator? writer;
    private volatile PageView? view;

    /// <summary>What students ask of the engine at their own desks.</summary>
    public RoomUse Use { get; } = new(time);

    /// <summary>Raised after each change, on the thread that made it.</summary>
    public event Action? Changed;

    public RoomState State => state;

    public string Code => state.Code;

    /// <summary>What the model thinks of the place that the scene is at. Shown to students by nobody before the reveal.</summary>
    public NextToken? Row => row;

    /// <summary>The teacher's run, which everybody watches: one generation, however many look.</summary>
    public Run? Run => run;

    /// <summary>What wrote it: names its tokens.</summary>
    public ITextGenerator? Writer => writer;

    /// <summary>What the teacher's page shows, while it is followed.</summary>
    public PageView? View => view;

    /// <summary>Does what the command says if the key allows it; else says why not, and changes nothing.</summary>
    /// <param name="next">The model's distribution, with commands that move to another place.</param>
    public Refusal? Do(string? key, RoomCommand command, NextToken? next = null)
    {
        lock (gate)
        {
            if (Identify(key) is not { } caller)
            {
                return state.Closed ? Refusal.Closed : Refusal.Stranger;
            }
            var (changed, refusal) = RoomRules.Apply(state, caller, command, command is AskQuestion or StartGame ? next : row);
            if (refusal is not null)
            {
                return refusal;
            }
            row = changed.Scene is QuestionScene or GameScene ? (command is AskQuestion or StartGame ? next : row) : null;
            run = changed.Scene is PresentationScene ? run : null;
            view = changed.Scene is LinkScene { IsLive: true } ? view : null;
            state = changed with { LastActive = time.GetUtcNow() };
        }
        Changed?.Invoke();
        return null;
    }

    /// <summary>What the teacher's page generates is what everybody sees.</summary>
    public Refusal? PresentRun(string? key, Present command, Run? presented, ITextGenerator? by)
    {
        lock (gate)
        {
            if (Identify(key) is { IsTeacher: true })
            {
                (run, writer) = (presented, by);
            }
        }
        return Do(key, command);
    }

    /// <summary>What the teacher's page shows is what everybody sees.</summary>
    public Refusal? PresentPage(string? key, ShowLink command, PageView shown)
    {
        lock (gate)
        {
            if (Identify(key) is { IsTeacher: true })
            {
                view = shown;
            }
        }
        return Do(key, command);
    }

    /// <summary>A seat for a new student, and the key to it, which only the student's browser keeps.</summary>
    public (string? Key, Refusal? Refusal) Join(string? nickname)
    {
        var key = RoomKey.New();
        lock (gate)
        {
            if (state.Closed)
            {
                return (null, Refusal.Closed);
            }
            if (state.Locked)
            {
                return (null, new(RefusalKind.Later, "The teacher has locked this room: nobody new comes in. Ask to have it opened."));
            }
            if (state.Students.Count >= seats)
            {
                return (null, new(RefusalKind.Later, $"All {seats} seats are taken."));
            }
            var hash = RoomKey.Hash(key);
            var name = Nickname.Free(nickname, [.. state.Students.Select(student => student.Name)], Random.Shared);
            state = state with
            {
                Students = state.Students.Add(new(hash[..12], name, hash)),
                Version = state.Version + 1,
                LastActive = time.GetUtcNow(),
            };
        }
        Changed?.Invoke();
        return (key, null);
    }

    /// <summary>Whose key it is; null for nobody's.</summary>
    public RoomCaller? Identify(string? key)
    {
        var now = state;
        if (key is not { Length: > 0 and < 100 })
        {
            return null;
        }
        var hash = RoomKey.Hash(key);
        return RoomKey.Fits(hash, now.TeacherKeyHash) ? new(true, null)
            : now.Students.Find(student => RoomKey.Fits(hash, student.KeyHash)) is { } found ? new(false, found)
            : null;
    }

    /// <summary>How many pages the student has open and connected.</summary>
    public bool IsPresent(string studentId)
    {
        lock (gate)
        {
            return connected.GetValueOrDefault(studentId) > 0;
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
        Changed?.Invoke();
    }

    /// <summary>Ends the room whatever its keys say: it was idle for too long.</summary>
    public void Expire()
    {
        lock (gate)
        {
            state = state with { Closed = true, Scene = null, Students = [], Version = state.Version + 1 };
            (row, run, view) = (null, null, null);
        }
        Changed?.Invoke();
    }
}
