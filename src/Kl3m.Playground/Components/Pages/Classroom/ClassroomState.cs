using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Components.Pages.Playground;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>
/// One visitor's place in a room: the key that this browser holds, and what can be done with it. Lives as long as the circuit, so that other
/// pages can be visited in between; after that the browser's key brings its owner back.
/// </summary>
internal sealed partial class ClassroomState : IDisposable
{
    /// <summary>A room of thirty changes often; a page follows so many times a second at most.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(60);

    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private readonly RoomRegistry rooms;
    private readonly BackendCatalogue catalogue;
    private readonly ChosenModel chosen;
    private readonly Desk desk;
    private readonly VisitorPages pages;
    private readonly Visitor visitor;
    private readonly TimeProvider time;
    private readonly ILogger<ClassroomState> logger;
    private readonly Lock gate = new();
    private string? key;
    private bool connected = true;
    private bool counted;
    private bool news;
    private bool telling;
    private bool disposed;

    public ClassroomState(RoomRegistry rooms, BackendCatalogue catalogue, ChosenModel chosen, Desk desk, VisitorPages pages, Visitor visitor, TimeProvider time, ILogger<ClassroomState> logger)
    {
        (this.rooms, this.catalogue, this.chosen, this.desk, this.pages, this.visitor, this.time, this.logger) = (rooms, catalogue, chosen, desk, pages, visitor, time, logger);
        pages.Changed += FollowPage;
    }

    /// <summary>The room, or this visitor's place in it, has changed. Raised on any thread.</summary>
    public event Action? Changed;

    /// <summary>The room that this visitor is in; null outside of any.</summary>
    public Room? Room { get; private set; }

    public bool IsTeacher { get; private set; }

    /// <summary>The student that this visitor is; null for the teacher, and once the teacher has removed them.</summary>
    public Student? Me => IsTeacher ? null : Room?.Identify(key)?.Student;

    /// <summary>Why the last thing that was tried did not work; null once something did.</summary>
    public string? Problem { get => problem.At == At ? problem.Sentence : null; private set => problem = (value, At); }
    private (string? Sentence, string At) problem = (null, "");

    /// <summary>Whether a room was looked for and the servers could not be asked.</summary>
    public bool IsAway { get; private set; }

    // A refusal is about what was there: the next question does not inherit it.
    private string At => Room?.State.Scene switch { null => "", QuestionScene question => $"question {question.Number}", var scene => scene.GetType().Name };

    /// <summary>The model that the room is at work with, else the one that this visitor has chosen.</summary>
    public ITextGenerator? Generator => Room?.State.Scene switch
    {
        QuestionScene question => ModelOf(question.Place.Model),
        GameScene game => ModelOf(game.Place.Model),
        PresentationScene presentation => catalogue.Find(presentation.Model) ?? chosen.Generator,
        _ => chosen.Generator,
    };

    /// <summary>The model that is asked next.</summary>
    public ITextGenerator? Chosen => chosen.Generator;

    /// <summary>The model that the class was asked of, which alone knows its tokens: also once it is unloaded. Null where this server never had it.</summary>
    public ITextGenerator? ModelOf(string? id) => catalogue.Find(id) ?? (Room?.Asked is { } asked && asked.Model.Id == id ? asked : null);

    /// <summary>What the engine knows this visitor by: a student of a room is one user, whatever pages they open.</summary>
    public string User => Room is { } room ? $"room:{room.Code}:{(IsTeacher ? "teacher" : Me?.Id)}" : "classroom";

    /// <returns>The teacher's key for the browser to keep; null if no room was opened, see <see cref="Problem"/>.</returns>
    public async Task<string?> OpenAsync()
    {
        var (room, opened, refusal) = await rooms.OpenAsync(visitor.Address);
        Tell(refusal);
        if (room is not null)
        {
            Enter(room, opened!, isTeacher: true);
        }
        return opened;
    }

    /// <returns>The student's key for the browser to keep; null if there is no way in, see <see cref="Problem"/>.</returns>
    public async Task<string?> JoinAsync(string? code, string? nickname)
    {
        var (room, refusal) = await rooms.FindAsync(code, visitor.Address);
        if (room is null)
        {
            Tell(refusal);
            return null;
        }
        var (joined, full) = await room.JoinAsync(nickname);
        Tell(full);
        if (joined is not null)
        {
            Enter(room, joined, isTeacher: false);
        }
        return joined;
    }

    /// <summary>Back to a room with the key that the browser kept.</summary>
    public async Task<bool> ReturnAsync(string? code, string? kept)
    {
        if (await FindAsync(code, kept) is not { } room || room.Identify(kept) is not { } caller)
        {
            return false;
        }
        Tell(null);
        Enter(room, kept!, caller.IsTeacher);
        return true;
    }

    /// <summary>Whether a kept key still opens its room.</summary>
    public async Task<bool> IsOpenAsync(string? code, string? kept) => await FindAsync(code, kept) is not null;

    /// <summary>Out of the room: a student gives up the seat, a teacher's room goes on without this page.</summary>
    public async Task LeaveAsync()
    {
        if (!IsTeacher && Room is { } room)
        {
            await room.DoAsync(key, new LeaveRoom());
        }
        Exit();
        Changed?.Invoke();
    }

    /// <summary>Gives a command in this visitor's name. False, and <see cref="Problem"/>, if it was refused.</summary>
    public async Task<bool> DoAsync(RoomCommand command, NextToken? row = null)
    {
        var refusal = Room is { } room ? await room.DoAsync(key, command, row) : Refusal.Stranger;
        Tell(refusal);
        return refusal is null;
    }

    public void SetConnected(bool on)
    {
        connected = on;
        Count();
    }

    public void Dispose()
    {
        disposed = true;
        pages.Changed -= FollowPage;
        Exit();
        Changed = null;
    }

    private async Task<Room?> FindAsync(string? code, string? kept)
    {
        IsAway = false;
        try
        {
            return await rooms.ReturnAsync(code, kept);
        }
        catch (BoardAwayException)
        {
            IsAway = true;
            Tell(Refusal.Away);
            return null;
        }
    }

    private void Enter(Room room, string held, bool isTeacher)
    {
        if (room == Room && held == key)
        {
            return;
        }
        Exit();
        (Room, key, IsTeacher) = (room, held, isTeacher);
        room.Changed += Follow;
        desk.Seat = new(User, isTeacher || Me is not { } student ? null : request => Admit(room, student.Id, request), isTeacher ? Seat.Teachers : 0);
        Count();
        Changed?.Invoke();
    }

    // Who has pressed Generate in a pause is told so, and the page asks again by itself.
    private static IDisposable Admit(Room room, string studentId, GenerationRequest request) => room.State.Frozen
        ? throw new EngineBusyException(Refusal.Frozen.Sentence, AskAgain)
        : room.Use.Admit(studentId, room.State.Limits, request);

    private void Exit()
    {
        if (Room is not { } room)
        {
            return;
        }
        room.Changed -= Follow;
        connected &= !disposed;
        var was = counted ? Who() : null;
        (Room, key, counted, IsTeacher, desk.Seat) = (null, null, false, false, null);
        if (was is not null)
        {
            room.Connect(was, -1);
        }
        EndPresenting();
    }

    /// <summary>Tells the room, once each way, that this page is there or gone.</summary>
    private void Count()
    {
        if (Room is { } room && counted != (connected && !disposed) && Who() is { } who)
        {
            counted = !counted;
            room.Connect(who, counted ? 1 : -1);
        }
    }

    private string? Who() => IsTeacher ? "teacher" : Me?.Id;

    private void Tell(Refusal? refusal)
    {
        Problem = refusal?.Sentence;
        if (refusal is not null)
        {
            Changed?.Invoke();
        }
    }

    // The first change is told at once, those that follow within the pause together at its end: beside the thread that made it, which is another
    // visitor's and would otherwise draw the pages of the whole class, one after the other.
    private void Follow()
    {
        lock (gate)
        {
            news = !disposed;
            if (telling || disposed)
            {
                return;
            }
            telling = true;
        }
        _ = Task.Run(TellAsync);
    }

    private async Task TellAsync()
    {
        while (TakeNews())
        {
            Changed?.Invoke();
            await Task.Delay(Pause, time);
        }
    }

    private bool TakeNews()
    {
        lock (gate)
        {
            (telling, news) = (news && !disposed, false);
            return telling;
        }
    }
}
