using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Classroom;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>A class's answers whose probability the model's server does not tell, neither by itself nor when it is asked.</summary>
public sealed class UntoldVoteTests
{
    [Fact]
    public async Task The_curtain_opens_with_what_is_certain_when_the_server_is_gone()
    {
        await using var upstream = await Upstream.WithEngineAsync();
        using var client = await RemoteClient.ConnectAsync(upstream);
        using var rooms = new TestClass(client.Generator);
        var (teacher, room, _) = rooms.Open();
        var (student, key) = rooms.Join(room);
        await teacher.AskAsync("The law ");
        var place = Assert.IsType<QuestionScene>(room.State.Scene).Place;
        var whole = await NextToken.AskAsync(upstream.Generator, place, "t");
        var unlikely = Enumerable.Range(0, 256).First(id => !room.Row!.Knows(id));
        Assert.Null(room.Do(key, new CastVote(1, unlikely, "?")));
        upstream.Line.Cut();
        await teacher.RevealAsync();
        Assert.Null(teacher.Problem);
        var question = Assert.IsType<QuestionScene>(room.State.Scene);
        var answer = question.Reveal!.Find(unlikely)!;
        Assert.Equal((false, 0), (answer.IsTold, answer.Rank));
        Assert.InRange(answer.AtMost, whole.Find(unlikely).Probability, question.Reveal.Rows.Where(row => row.Rank > 0).Min(row => row.Probability));
        var elsewhere = Assert.IsType<QuestionScene>(RoomWire.Read<RoomState>(RoomWire.Bytes(room.State))!.Scene);
        Assert.Equal(answer, elsewhere.Reveal!.Find(unlikely));
        Assert.Equal((0, 0), (student.Me!.Guesses, student.Me.Bits));
    }

    [Fact]
    public void The_chart_puts_what_is_not_told_into_the_rest_and_still_adds_up()
    {
        var told = new ToldTokens([.. Enumerable.Range(0, 20).Select(id => (id, -1.8f - (id / 4f)))], 0, -1.8f);
        var row = new NextToken(told.Row(300), 0, told: 20);
        var votes = Enumerable.Range(0, 4).ToDictionary(i => $"s{i}", i => new Vote(i < 3 ? 200 : 0, "word"));
        var question = new QuestionScene { Number = 1, Place = new([1], [], "x"), Votes = System.Collections.Immutable.ImmutableDictionary.CreateRange(votes) };
        var state = new RoomState { Code = "AAAAAA", TeacherKeyHash = "", Scene = question };
        var rows = MirrorRow.Of((QuestionScene)RoomRules.Apply(state, new(true, null), new RevealModel(), row).State.Scene!, 7);
        var untold = Assert.Single(rows, one => one.AtMost is not null);
        Assert.Equal((200, 3, 0.0), (untold.TokenId, untold.Votes, untold.Probability));
        Assert.Equal(Math.Exp(-1.8 - (19 / 4.0)), untold.AtMost!.Value, 1e-5);
        Assert.Equal(1, rows.Sum(one => one.Probability), 9);
        Assert.Equal(300, rows.Count(one => one is { TokenId: not null, AtMost: null }) + rows[^1].Others);
    }
}
