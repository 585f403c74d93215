using Kl3m.Inference;
using Kl3m.Playground.Classroom;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>Who may do what: keys decide, and nothing else.</summary>
public sealed class RoomAccessTests
{
    private static readonly TextPlace Place = new([65], [], "A");

    private static readonly RoomCommand[] Every =
    [
        new LockRoom(true), new FreezeRoom(true), new ClearRoom(), new CloseRoom(), new RemoveStudent("x"), new RenameStudent("x", "y"), new SetLimits(new()),
        new AskQuestion(Place, []), new LockVoting(true), new ClearVotes(), new RevealModel(), new HideAnswer(1, true), new StartGame(Place, 1, 1), new SetTemperature(1),
        new ThrowDarts(30), new ClearDarts(), new Present("p", new SamplingParams(), null), new ShowLesson("temperature", 0), new ShowLink("lab", "Lab"),
        new CastVote(1, 65, "A"), new ThrowDart(), new PassCheck("temperature", 0), new LeaveRoom(),
    ];

    [Fact]
    public void Every_command_there_is_is_tried_here()
    {
        var known = typeof(RoomCommand).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RoomCommand)) && !type.IsAbstract);
        Assert.Equal(known.Select(type => type.Name).Order(), Every.Select(command => command.GetType().Name).Order());
    }

    [Fact]
    public void A_students_key_gives_no_command_of_the_teachers()
    {
        using var rooms = new TestClass();
        var (_, room, _) = rooms.Open();
        var (_, key) = rooms.Join(room);
        var before = room.State;
        foreach (var command in Every.OfType<TeacherCommand>())
        {
            Assert.Equal(Refusal.NotTeacher, room.Do(key, command, new NextToken(new float[300], 65)));
        }
        Assert.Same(before, room.State);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("nobody's key")]
    public void A_strangers_key_gives_no_command_at_all(string? key)
    {
        using var rooms = new TestClass();
        var (_, room, _) = rooms.Open();
        var before = room.State;
        Assert.All(Every, command => Assert.Equal(Refusal.Stranger, room.Do(key, command)));
        Assert.Same(before, room.State);
    }

    [Fact]
    public void The_hash_that_a_room_keeps_is_no_key()
    {
        using var rooms = new TestClass();
        var (_, room, _) = rooms.Open();
        rooms.Join(room);
        Assert.Null(room.Identify(room.State.TeacherKeyHash));
        Assert.Null(room.Identify(room.State.Students[0].KeyHash));
        Assert.Null(room.Identify(room.State.Students[0].Id));
    }

    [Fact]
    public void The_teachers_key_does_not_vote()
    {
        using var rooms = new TestClass();
        var (_, room, key) = rooms.Open();
        Assert.All(Every.OfType<StudentCommand>(), command => Assert.Equal(Refusal.NotStudent, room.Do(key, command)));
    }

    [Fact]
    public void A_student_who_was_removed_does_nothing_more_and_can_come_again_as_somebody_new()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (student, key) = rooms.Join(room, "Ada");
        Assert.True(teacher.Do(new RemoveStudent(student.Me!.Id)));
        Assert.Equal(Refusal.Stranger, room.Do(key, new ThrowDart()));
        Assert.Null(student.Me);
        Assert.False(rooms.Visit().Return(room.Code, key));
        Assert.NotNull(rooms.Visit().Join(room.Code, "Ada"));
    }

    [Fact]
    public void A_locked_room_lets_nobody_new_in_and_everybody_back()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (_, key) = rooms.Join(room);
        teacher.Do(new LockRoom(true));
        var late = rooms.Visit();
        Assert.Null(late.Join(room.Code, null));
        Assert.Contains("locked", late.Problem, StringComparison.Ordinal);
        Assert.True(rooms.Visit().Return(room.Code, key));
    }

    [Fact]
    public void A_paused_room_takes_nothing_from_students_and_lets_them_go()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (_, key) = rooms.Join(room);
        teacher.Do(new FreezeRoom(true));
        Assert.Equal(Refusal.Frozen, room.Do(key, new ThrowDart()));
        Assert.Null(room.Do(key, new LeaveRoom()));
        Assert.Empty(room.State.Students);
    }

    [Fact]
    public void A_closed_room_is_found_by_nobody_and_does_nothing()
    {
        using var rooms = new TestClass();
        var (teacher, room, key) = rooms.Open();
        teacher.Do(new CloseRoom());
        Assert.Equal(Refusal.Closed, room.Do(key, new LockRoom(true)));
        Assert.Null(rooms.Registry.Find(room.Code, "10.0.0.2").Room);
        Assert.False(rooms.Visit().Return(room.Code, key));
    }

    [Theory]
    [InlineData("https://elsewhere.example/")]
    [InlineData("//elsewhere.example")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/about")]
    public void Only_pages_of_this_app_are_shown(string address)
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        Assert.False(teacher.Do(new ShowLink(address, "there")));
        Assert.Null(room.State.Scene);
        Assert.True(teacher.Do(new ShowLink("lab#p=a:b", "Lab")));
    }
}
