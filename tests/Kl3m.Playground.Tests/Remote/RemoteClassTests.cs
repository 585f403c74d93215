using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Classroom;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>A class whose model another server runs, which tells its likeliest tokens only.</summary>
public sealed class RemoteClassTests : IAsyncLifetime
{
    private Upstream upstream = null!;
    private RemoteClient client = null!;
    private TestClass rooms = null!;
    private ClassroomState teacher = null!;
    private Room room = null!;

    public async ValueTask InitializeAsync()
    {
        upstream = await Upstream.WithEngineAsync();
        client = await RemoteClient.ConnectAsync(upstream);
        rooms = new(client.Generator);
        (teacher, room, _) = rooms.Open();
    }

    public async ValueTask DisposeAsync()
    {
        rooms.Dispose();
        client.Dispose();
        await upstream.DisposeAsync();
    }

    [Fact]
    public async Task A_class_gets_the_true_probability_of_an_answer_that_the_server_does_not_tell_by_itself()
    {
        var (student, key) = rooms.Join(room);
        await teacher.AskAsync("The law ");
        Assert.Null(teacher.Problem);
        Assert.Equal(20, room.Row!.Told);
        var unlikely = Enumerable.Range(0, 256).First(id => !room.Row.Knows(id));
        Assert.Null(room.Do(key, new CastVote(1, unlikely, "?")));
        await teacher.RevealAsync();
        var reveal = Assert.IsType<QuestionScene>(room.State.Scene).Reveal!;
        var place = Assert.IsType<QuestionScene>(room.State.Scene).Place;
        var whole = await NextToken.AskAsync(upstream.Generator, place, "t");
        Assert.Equal((whole.Find(unlikely).Probability, 0), (reveal.Find(unlikely)!.Probability, reveal.Find(unlikely)!.Rank), Close);
        Assert.Equal(whole.Find(unlikely).Surprisal, student.Me!.Bits, 1e-2);
        Assert.All(reveal.Rows.Where(row => row.Rank > 0), row => Assert.Equal((whole.Find(row.TokenId).Probability, row.Rank), (row.Probability, row.Rank), Close));
        var copy = NextToken.FromBytes(room.Row.ToBytes(), room.Row.Id)!;
        Assert.Equal((room.Row.Told, room.Row.DrawnTokenId, room.Row.VocabularySize), (copy.Told, copy.DrawnTokenId, copy.VocabularySize));

        static bool Close((double, int) one, (double, int) other) => Math.Abs(one.Item1 - other.Item1) < 1e-4 && one.Item2 == other.Item2;
    }

    [Fact]
    public async Task No_game_is_played_over_a_vocabulary_that_is_not_known()
    {
        Assert.Contains("needs a model that is loaded here", teacher.NoGame, StringComparison.Ordinal);
        await teacher.StartGameAsync("The law ");
        Assert.Equal(teacher.NoGame, teacher.Problem);
        Assert.Null(room.State.Scene);
    }

    [Fact]
    public async Task The_curtain_opens_with_what_is_certain_when_the_server_is_gone()
    {
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
}
