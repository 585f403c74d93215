using System.Text;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Components.Pages.Classroom;

namespace Kl3m.Playground.Tests.Classroom.Nodes;

/// <summary>A room with members on several web nodes.</summary>
public sealed class SharedRoomTests
{
    [Fact]
    public async Task A_class_on_two_nodes_joins_votes_sees_the_reveal_and_plays_as_on_one()
    {
        using var nodes = new TestNodes();
        var (teacher, room, _) = nodes[0].Open();
        var here = nodes[0].Join(room, "Ada").Student;
        var there = nodes[1].Visit();
        Assert.NotNull(there.Join(room.Code, "Ada"));
        Assert.Equal(["Ada", "Ada 2"], room.State.Students.Select(student => student.Name));
        Assert.NotSame(room, there.Room);
        Assert.Equal(room.State.Version, there.Room!.State.Version);

        await teacher.AskAsync("The Agreement shall be ");
        Assert.Equal(room.Row!.Id, there.Room.Row!.Id);
        await there.VoteAsync("governed");
        await here.VoteAsync("governed");
        await there.VoteAsync("binding");
        Assert.Equal([('b', 1), ('g', 1)], Question(room).Tally().Select(row => ((char)row.TokenId, row.Count)));
        Assert.True(teacher.Do(new RevealModel()));
        Assert.Equal(Question(room).Reveal!.Rows, Question(there.Room).Reveal!.Rows);
        Assert.Equal(1, there.Me!.Guesses);

        await teacher.StartGameAsync("The ");
        Assert.True(there.Do(new ThrowDart()) && here.Do(new ThrowDart()) && teacher.Do(new ThrowDarts(30)));
        Assert.Equal(32, Assert.IsType<GameScene>(there.Room.State.Scene).Darts.Count);
        Assert.Equal(GameRow.Of((GameScene)room.State.Scene!, room.Row!, 6), GameRow.Of((GameScene)there.Room.State.Scene!, there.Room.Row!, 6));
    }

    [Fact]
    public async Task Thirty_votes_at_once_from_two_nodes_are_counted_once_each()
    {
        using var nodes = new TestNodes();
        var (teacher, room, _) = nodes[0].Open();
        var students = Enumerable.Range(0, 30).Select(i =>
        {
            var student = nodes[i % 2].Visit();
            student.Join(room.Code, $"S{i}");
            return student;
        }).ToList();
        await teacher.AskAsync("The Agreement shall be ");
        await Task.WhenAll(students.Select(student => Task.Run(async () =>
        {
            await student.VoteAsync("first thought");
            await student.VoteAsync("governed");
        })));
        Assert.All(students, student => Assert.Null(student.Problem));
        Assert.Equal([('g', 30)], Question(room).Tally().Select(row => ((char)row.TokenId, row.Count)));
        await nodes.UntilAsync(() => students[1].Room!.State.Version == room.State.Version);
        Assert.Equal(30, Question(students[1].Room!).Votes.Count);
    }

    [Fact]
    public void Of_two_changes_at_the_same_moment_neither_is_lost()
    {
        using var nodes = new TestNodes();
        var (teacher, room, _) = nodes[0].Open();
        var there = nodes[1].Visit();
        there.Join(room.Code, "Ada");
        nodes.Line(0).BeforeWrite = () => Assert.True(there.Do(new LeaveRoom()));
        Assert.True(teacher.Do(new LockRoom(true)));
        Assert.True(room.State.Locked);
        Assert.Empty(room.State.Students);
        Assert.Equal(room.State.Version, there.Room!.State.Version);
    }

    [Fact]
    public void The_door_and_the_teachers_hand_reach_the_other_node()
    {
        using var nodes = new TestNodes();
        var (teacher, room, _) = nodes[0].Open();
        var there = nodes[1].Visit();
        var key = there.Join(room.Code, "Ada")!;
        teacher.Do(new LockRoom(true));
        var late = nodes[1].Visit();
        Assert.Null(late.Join(room.Code, null));
        Assert.Contains("locked", late.Problem, StringComparison.Ordinal);
        Assert.True(teacher.Do(new RemoveStudent(there.Me!.Id)));
        Assert.Null(there.Me);
        Assert.False(nodes[1].Visit().Return(room.Code, key));
        Assert.True(teacher.Do(new CloseRoom()));
        Assert.True(there.Room!.State.Closed);
        Assert.Null(nodes[1].Registry.Find(room.Code, "10.0.0.1").Room);
    }

    [Fact]
    public void Keys_mean_the_same_on_every_node_and_are_on_none_of_them()
    {
        using var nodes = new TestNodes();
        var (_, room, teachersKey) = nodes[0].Open();
        var student = nodes[1].Visit();
        var key = student.Join(room.Code, "Ada")!;
        Assert.Equal(Refusal.NotTeacher, student.Room!.Do(key, new LockRoom(true)));
        Assert.Equal(Refusal.Stranger, student.Room!.Do("nobody's", new LockRoom(true)));
        var second = nodes[1].Visit();
        Assert.True(second.Return(room.Code, teachersKey));
        Assert.True(second.IsTeacher && second.Do(new FreezeRoom(true)));
        Assert.True(room.State.Frozen);
        var all = string.Join('\n', nodes.Table.Everything.Select(Encoding.UTF8.GetString));
        Assert.Contains(RoomKey.Hash(teachersKey), all, StringComparison.Ordinal);
        Assert.DoesNotContain(teachersKey, all, StringComparison.Ordinal);
        Assert.DoesNotContain(key, all, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_codes_count_together_wherever_they_are_tried_and_right_ones_do_not()
    {
        using var nodes = new TestNodes(options: new() { WrongCodesPerAddress = 6, RoomsPerAddress = 2 });
        var (_, room, _) = nodes[0].Open();
        for (var i = 0; i < 6; i++)
        {
            Assert.NotNull(nodes[1].Registry.Find(room.Code, "10.0.0.9").Room);
            Assert.Equal(RefusalKind.Gone, nodes[i % 2].Registry.Find("AAAAAA", "10.0.0.9").Refusal!.Kind);
        }
        Assert.All([nodes[0], nodes[1]], node => Assert.Equal(RefusalKind.Later, node.Registry.Find(room.Code, "10.0.0.9").Refusal!.Kind));
        Assert.NotNull(nodes[1].Registry.Find(room.Code, "10.0.0.10").Room);
        Assert.NotNull(nodes[1].Visit().Open());
        Assert.Null(nodes[0].Visit().Open());
    }

    [Fact]
    public async Task When_a_node_is_killed_its_people_go_on_at_another_where_they_were()
    {
        using var nodes = new TestNodes();
        var (teacher, room, teachersKey) = nodes[0].Open();
        var lost = nodes[0].Visit();
        var key = lost.Join(room.Code, "Ada")!;
        var (id, other) = (lost.Me!.Id, nodes[1].Visit());
        other.Join(room.Code, "Ben");
        await teacher.AskAsync("The ");
        await lost.VoteAsync("word");
        var row = room.Row!;
        Assert.True(other.Room!.IsPresent(id));
        nodes.Kill(0);
        nodes.Time.Advance(OtherNodes.Patience + OtherNodes.Beat);
        Assert.False(other.Room.IsPresent(id));

        var (back, headed) = (nodes[1].Visit(), nodes[1].Visit());
        Assert.True(back.Return(room.Code, key) && headed.Return(room.Code, teachersKey));
        Assert.True(other.Room.IsPresent(id));
        Assert.Equal("word", Question(back.Room!).Votes[id].Typed);
        Assert.True(headed.Do(new RevealModel()));
        Assert.Equal(row.DrawnTokenId, Question(back.Room!).Reveal!.DrawnTokenId);
        Assert.Equal(row.Find('w').Surprisal, back.Me!.Bits, 9);
    }

    [Fact]
    public async Task A_node_that_starts_later_gets_all_of_a_question_with_its_first_visitor()
    {
        using var nodes = new TestNodes(1);
        var (teacher, room, _) = nodes[0].Open();
        await teacher.AskAsync("The ");
        var late = nodes.Start().Visit();
        late.Join(room.Code, null);
        Assert.Equal(room.Row!.Id, late.Room!.Row!.Id);
        Assert.True(room.IsPresent(late.Me!.Id));
        Assert.True(late.Room.IsPresent("teacher"));
    }

    [Fact]
    public async Task While_the_line_is_down_nothing_changes_and_the_page_says_so_and_after_a_loss_of_everything_the_room_goes_on()
    {
        using var nodes = new TestNodes();
        var (teacher, room, teachersKey) = nodes[0].Open();
        var there = nodes[1].Visit();
        there.Join(room.Code, "Ada");
        await teacher.AskAsync("The ");
        await there.VoteAsync("word");
        var version = room.State.Version;
        nodes.Table.Crash();
        Assert.False(teacher.Do(new LockRoom(true)));
        Assert.Equal(Refusal.Away.Sentence, teacher.Problem);
        await there.VoteAsync("other");
        Assert.Equal(Refusal.Away.Sentence, there.Problem);
        Assert.Null(nodes[1].Visit().Open());
        Assert.Equal(version, room.State.Version);
        Assert.Equal(RefusalKind.Later, nodes[1].Registry.Find("AAAAAA", "10.0.0.1").Refusal!.Kind);
        // Who comes back to a room that this node knows needs nobody.
        Assert.True(nodes[0].Visit().Return(room.Code, teachersKey));
        nodes.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(room.IsPresent(there.Me!.Id));

        nodes.Table.ComeBack();
        await there.VoteAsync("again");
        Assert.Null(there.Problem);
        Assert.Equal("again", Question(room).Votes[there.Me.Id].Typed);
        var late = nodes.Start().Visit();
        Assert.True(late.Return(room.Code, teachersKey));
        Assert.True(late.Do(new RevealModel()));
        Assert.NotNull(Question(room).Reveal);
    }

    [Fact]
    public void What_one_node_did_while_another_was_cut_off_is_there_when_it_comes_back()
    {
        using var nodes = new TestNodes();
        var (teacher, room, _) = nodes[0].Open();
        var there = nodes[1].Visit();
        there.Join(room.Code, null);
        nodes.Line(1).IsAway = true;
        teacher.Do(new LockRoom(true));
        Assert.False(there.Room!.State.Locked);
        nodes.Line(1).IsAway = false;
        nodes.Line(1).Tell();
        Assert.True(there.Room.State.Locked);
        Assert.True(room.State.Locked);
    }

    [Fact]
    public void News_that_was_lost_is_found_at_the_next_beat()
    {
        using var nodes = new TestNodes();
        var (teacher, room, _) = nodes[0].Open();
        var there = nodes[1].Visit();
        there.Join(room.Code, null);
        nodes.Line(1).IsAway = true;
        teacher.Do(new LockRoom(true));
        nodes.Line(1).IsAway = false;
        nodes.Time.Advance(OtherNodes.Beat);
        Assert.True(there.Room!.State.Locked);
    }

    [Fact]
    public void An_idle_room_is_closed_on_all_nodes_by_one_of_them_and_one_in_use_on_none()
    {
        using var nodes = new TestNodes(options: new() { IdleMinutes = 60 });
        var (_, room, _) = nodes[0].Open();
        var there = nodes[1].Visit();
        there.Join(room.Code, null);
        nodes.Time.Advance(TimeSpan.FromMinutes(59));
        there.Do(new ThrowDart());
        Assert.False(room.State.Closed);
        nodes.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(room.State.Closed && there.Room!.State.Closed);
    }

    private static QuestionScene Question(Room room) => Assert.IsType<QuestionScene>(room.State.Scene);
}
