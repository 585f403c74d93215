using System.Collections.Immutable;
using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Classroom;

/// <summary>
/// What each command makes of a room. Functions of their arguments alone, so that a room may be kept wherever a state can be read,
/// changed and written back if nobody was faster.
/// </summary>
internal static class RoomRules
{
    /// <summary>Rows of the reveal beside those that have votes.</summary>
    public const int TopRows = 8;

    private const int MostResults = 500;

    /// <param name="row">The model's distribution at the place that the scene is at, or that an opening command names.</param>
    public static (RoomState State, Refusal? Refusal) Apply(RoomState room, RoomCaller caller, RoomCommand command, NextToken? row)
    {
        if (room.Closed)
        {
            return (room, Refusal.Closed);
        }
        var (next, refusal) = (command, caller) switch
        {
            (TeacherCommand teacher, { IsTeacher: true }) => Teach(room, teacher, row),
            (TeacherCommand, _) => (room, Refusal.NotTeacher),
            (StudentCommand, { Student: null }) => (room, Refusal.NotStudent),
            (StudentCommand student, { Student: { } who }) => Study(room, student, who),
            _ => (room, Refusal.NotTeacher),
        };
        return refusal is null ? (next with { Version = room.Version + 1 }, null) : (room, refusal);
    }

    private static (RoomState, Refusal?) Teach(RoomState room, TeacherCommand command, NextToken? row) => command switch
    {
        LockRoom on => (room with { Locked = on.On }, null),
        FreezeRoom on => (room with { Frozen = on.On }, null),
        CloseRoom => (room with { Closed = true, Scene = null, Students = [] }, null),
        ClearRoom => (room with { Scene = null, Results = [], Questions = 0, Students = [.. room.Students.Select(student => student with { Bits = 0, Guesses = 0 })] }, null),
        RemoveStudent removed => (Without(room, removed.StudentId), null),
        RenameStudent renamed => Rename(room, renamed),
        SetLimits { Limits: { RunningTokens: >= 0 and <= RoomLimits.MostTokens, RequestsPerMinute: >= 0 and <= RoomLimits.MostRequests } limits } => (room with { Limits = limits }, null),
        SetLimits => (room, new(RefusalKind.Invalid, $"Limits are 0 to {RoomLimits.MostTokens} tokens and 0 to {RoomLimits.MostRequests} requests.")),
        AskQuestion ask => QuestionRules.Ask(room, ask, row),
        LockVoting or ClearVotes or RevealModel or HideAnswer => room.Scene is QuestionScene question ? QuestionRules.Change(room, question, command, row) : (room, Refusal.Late),
        StartGame start when row is not null && IsTemperature(start.Temperature) => (room with { Scene = new GameScene(start.Place, start.Temperature, start.Seed, []) }, null),
        SetTemperature set when !IsTemperature(set.Temperature) => (room, NoTemperature),
        SetTemperature set when room.Scene is GameScene game => (room with { Scene = game with { Temperature = set.Temperature } }, null),
        ThrowDarts darts when room.Scene is GameScene game => Throw(room, game, null, darts.Count),
        ClearDarts when room.Scene is GameScene game => (room with { Scene = game with { Darts = [] } }, null),
        Present present => (room with { Scene = new PresentationScene(present.Prompt, present.Sampling, present.Spotlight, present.Model, present.Run) }, null),
        ShowLesson lesson => (room with { Scene = new LessonScene(lesson.LessonId, lesson.Step, []) }, null),
        ShowLink { Address: var address } when address.Length > 32_000 || address.Contains("//", StringComparison.Ordinal) || address.StartsWith('/') || address.Split('#')[0].Contains(':', StringComparison.Ordinal) =>
            (room, new(RefusalKind.Invalid, "Only pages of this app can be shown.")),
        ShowLink link => (room with { Scene = new LinkScene(link.Address, link.Title, link.IsLive) }, null),
        StartGame => (room, NoTemperature),
        _ => (room, Refusal.Late),
    };

    private static (RoomState, Refusal?) Study(RoomState room, StudentCommand command, Student who) => command switch
    {
        LeaveRoom => (Without(room, who.Id), null),
        _ when room.Frozen => (room, Refusal.Frozen),
        CastVote vote when room.Scene is QuestionScene question => QuestionRules.Cast(room, question, who, vote),
        ThrowDart when room.Scene is GameScene game && game.Darts.Count(dart => dart.StudentId == who.Id) >= GameScene.MostOfOne =>
            (room, new(RefusalKind.Later, $"{GameScene.MostOfOne} darts each; the teacher can start anew.")),
        ThrowDart when room.Scene is GameScene game => Throw(room, game, who.Id, 1),
        PassCheck passed when room.Scene is LessonScene lesson && (lesson.LessonId, lesson.Step) == (passed.LessonId, passed.Step) =>
            (room with { Scene = lesson with { Done = lesson.Done.Add(who.Id) } }, null),
        _ => (room, Refusal.Late),
    };

    private static bool IsTemperature(float temperature) => temperature is >= 0 and <= GameScene.MaxTemperature;

    private static Refusal NoTemperature { get; } = new(RefusalKind.Invalid, $"The temperature is 0 to {GameScene.MaxTemperature} here.");

    private static (RoomState, Refusal?) Throw(RoomState room, GameScene game, string? student, int count)
    {
        if (count < 1 || game.Darts.Count + count > GameScene.MostDarts)
        {
            return (room, new(RefusalKind.Invalid, $"At most {GameScene.MostDarts} darts stick; clear them to go on."));
        }
        // The dart's number is its place in the row of dice: nobody can choose where it lands, and a seed repeats a game.
        var darts = Enumerable.Range(game.Darts.Count, count).Select(number => new Dart(student, SeededRandom.NextUniform(game.Seed, 0, number)));
        return (room with { Scene = game with { Darts = game.Darts.AddRange(darts) } }, null);
    }

    private static RoomState Without(RoomState room, string studentId) => room with
    {
        Students = room.Students.RemoveAll(student => student.Id == studentId),
        Scene = room.Scene switch
        {
            QuestionScene { Phase: not QuestionPhase.Revealed } question => question with { Votes = question.Votes.Remove(studentId) },
            LessonScene lesson => lesson with { Done = lesson.Done.Remove(studentId) },
            var scene => scene,
        },
    };

    private static (RoomState, Refusal?) Rename(RoomState room, RenameStudent renamed)
    {
        if (room.Find(renamed.StudentId) is not { } student)
        {
            return (room, Refusal.Late);
        }
        string[] taken = [.. room.Students.Where(other => other.Id != student.Id).Select(other => other.Name)];
        return (room with { Students = room.Students.Replace(student, student with { Name = Nickname.Free(renamed.Name, taken, Random.Shared) }) }, null);
    }

    internal static ImmutableList<QuestionResult> Append(ImmutableList<QuestionResult> results, QuestionResult result) =>
        results.Count < MostResults ? results.Add(result) : results.RemoveAt(0).Add(result);
}

/// <summary>Who gives a command, as their key says.</summary>
internal sealed record RoomCaller(bool IsTeacher, Student? Student);
