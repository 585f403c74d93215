using Kl3m.Playground.Classroom;

namespace Kl3m.Playground.Tests.Classroom;

public sealed class RoomRegistryTests
{
    [Fact]
    public void A_hundred_thousand_guesses_find_no_room_and_few_are_even_looked_at()
    {
        using var rooms = new TestClass(options: new() { MaxRooms = 50 });
        var codes = Enumerable.Range(0, 3).Select(_ => rooms.Open().Room.Code).ToHashSet();
        var (found, refused) = (0, 0);
        for (var i = 0; i < 100_000; i++)
        {
            // A thousand machines, one guess each every hundred milliseconds: almost three hours of trying.
            var (room, refusal) = rooms.Registry.Find(RoomCode.New(), $"10.1.{i % 1000 / 250}.{i % 250}");
            found += room is null ? 0 : 1;
            refused += refusal?.Kind == RefusalKind.Later ? 1 : 0;
            rooms.Time.Advance(TimeSpan.FromMilliseconds(100));
        }
        Assert.Equal(0, found);
        Assert.True(refused > 30_000, $"{refused} guesses were refused unseen.");
    }

    [Fact]
    public void Once_too_many_wrong_codes_were_tried_a_right_one_tells_nothing_either_until_the_minute_is_over()
    {
        using var rooms = new TestClass(options: new() { WrongCodesPerAddress = 5 });
        var (_, room, _) = rooms.Open();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(RefusalKind.Gone, rooms.Registry.Find("AAAAAA", "10.0.0.9").Refusal!.Kind);
        }
        Assert.Equal(rooms.Registry.Find("AAAAAA", "10.0.0.9").Refusal, rooms.Registry.Find(room.Code, "10.0.0.9").Refusal);
        Assert.Same(room, rooms.Registry.Find(room.Code, "10.0.0.10").Room);
        rooms.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Same(room, rooms.Registry.Find(room.Code, "10.0.0.9").Room);
    }

    [Fact]
    public void Right_codes_and_coming_back_use_up_no_tries()
    {
        using var rooms = new TestClass(options: new() { WrongCodesPerAddress = 1, Seats = 100 });
        var (_, room, _) = rooms.Open();
        var (_, key) = rooms.Join(room);
        for (var i = 0; i < 50; i++)
        {
            Assert.NotNull(rooms.Registry.Find(room.Code, "10.0.0.1").Room);
            Assert.NotNull(rooms.Registry.Return(room.Code, key));
            Assert.Null(rooms.Registry.Return(room.Code, "wrong"));
        }
    }

    [Fact]
    public void A_room_in_which_nothing_happens_is_closed_and_one_in_use_is_not()
    {
        using var rooms = new TestClass(options: new() { IdleMinutes = 60 });
        var (_, idle, _) = rooms.Open();
        var (teacher, used, _) = rooms.Open();
        for (var i = 0; i < 70; i++)
        {
            rooms.Time.Advance(TimeSpan.FromMinutes(1));
            teacher.Do(new LockRoom(i % 2 == 0));
        }
        Assert.True(idle.State.Closed);
        Assert.False(used.State.Closed);
        Assert.Equal(1, rooms.Registry.Count);
    }

    [Fact]
    public void Rooms_and_seats_are_bounded()
    {
        using var rooms = new TestClass(options: new() { MaxRooms = 2, Seats = 3 });
        var (_, room, _) = rooms.Open();
        rooms.Open();
        var third = rooms.Visit();
        Assert.Null(third.Open());
        Assert.NotNull(third.Problem);
        Assert.All(Enumerable.Range(0, 3), _ => Assert.NotNull(rooms.Join(room).Key));
        Assert.Null(rooms.Join(room).Key);
    }
}
