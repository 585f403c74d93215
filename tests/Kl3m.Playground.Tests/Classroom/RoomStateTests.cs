using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Tests.Classroom;

/// <summary>Rooms and commands as they would travel between servers.</summary>
public sealed class RoomStateTests
{
    [Fact]
    public async Task A_room_survives_as_json_in_every_scene_and_goes_on_from_there()
    {
        using var rooms = new TestClass();
        var (teacher, room, key) = rooms.Open();
        var (student, _) = rooms.Join(room, "Ada");
        await teacher.AskAsync("x ");
        await student.VoteAsync("word");
        var row = room.Row;
        Check(room.State);
        var copy = new Room(JsonSerializer.Deserialize<RoomState>(JsonSerializer.Serialize(room.State))!, 10, rooms.Time);
        Assert.Null(copy.Do(key, new LockVoting(true)));
        teacher.Do(new RevealModel());
        Check(room.State);
        await teacher.StartGameAsync("y ");
        teacher.Do(new ThrowDarts(3));
        Check(room.State);
        teacher.Do(new Present("p", new SamplingParams { Temperature = 0.3f, Stop = ["x"] }, new SelectedToken(1, 2)));
        Check(room.State);
        teacher.Do(new ShowLesson("loops", 1));
        student.Do(new PassCheck("loops", 1));
        Check(room.State);
        teacher.Do(new ShowLink("lab#x", "Lab"));
        Check(room.State);
        Assert.NotNull(row);

        static void Check(RoomState state)
        {
            var json = JsonSerializer.Serialize(state);
            Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<RoomState>(json)));
        }
    }

    [Fact]
    public void Commands_travel_as_json()
    {
        RoomCommand[] commands = [new LockRoom(true), new AskQuestion(new([1], [2], "x"), [new("a", 3)]), new CastVote(1, 2, "three"), new SetTemperature(0.5f), new ThrowDart()];
        foreach (var command in commands)
        {
            var json = JsonSerializer.Serialize(command);
            Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<RoomCommand>(json)));
        }
    }

    [Fact]
    public async Task A_change_reaches_followers_once_the_pause_is_over_and_many_changes_together()
    {
        using var rooms = new TestClass();
        var (teacher, room, _) = rooms.Open();
        var (student, _) = rooms.Join(room);
        rooms.Time.Advance(TimeSpan.FromSeconds(1));
        await Task.Yield();
        var told = 0;
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        student.Changed += () => { Interlocked.Increment(ref told); first.TrySetResult(); };
        for (var i = 0; i < 100; i++)
        {
            teacher.Do(new LockRoom(i % 2 == 0));
        }
        rooms.Time.Advance(Kl3m.Playground.Components.Pages.Classroom.ClassroomState.Pause);
        await first.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.InRange(told, 1, 3);
        Assert.False(room.State.Locked);
    }
}
