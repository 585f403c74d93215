using System.Text;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;

namespace Kl3m.Playground.Tests.Classroom.Nodes;

/// <summary>What others may have put where the nodes look.</summary>
public sealed class RoomWireTests
{
    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"Format":4}""")]
    [InlineData("""{"Format":4,"Content":null}""")]
    [InlineData("""{"Format":4,"Content":{"Code":"AAAAAA"}}""")]
    [InlineData("""{"Format":3,"Content":{"Code":"AAAAAA","TeacherKeyHash":"x"}}""")]
    [InlineData("""{"Content":{"Code":"AAAAAA","TeacherKeyHash":"x"}}""")]
    [InlineData("""{"Format":4,"Content":{"Code":"AAAAAA","TeacherKeyHash":null}}""")]
    [InlineData("""{"Format":4,"Content":{"Code":"AAAAAA","TeacherKeyHash":"x","Students":null}}""")]
    [InlineData("""{"Format":4,"Content":{"Code":"AAAAAA","TeacherKeyHash":"x","Students":[null]}}""")]
    [InlineData("""{"Format":4,"Content":{"Code":"AAAAAA","TeacherKeyHash":"x","Students":[{"Id":"a"}]}}""")]
    [InlineData("""{"Format":4,"Content":{"Code":"AAAAAA","TeacherKeyHash":"x","Scene":{}}}""")]
    [InlineData("""{"Format":4,"Content":{"Code":"AAAAAA","TeacherKeyHash":"x","Scene":{"$type":"System.Object"}}}""")]
    [InlineData("""{"Format":4,"Content":{"Code":"AAAAAA","TeacherKeyHash":"x","Unknown":1}}""")]
    public void What_is_no_room_of_this_version_is_refused(string text)
    {
        Assert.Null(RoomWire.Read<RoomState>(Encoding.UTF8.GetBytes(text)));
        using var nodes = new TestNodes();
        nodes.Table.Rooms["AAAAAA"] = (3, Encoding.UTF8.GetBytes(text));
        Assert.Equal(RefusalKind.Gone, nodes[0].Registry.Find("AAAAAA", "10.0.0.1").Refusal!.Kind);
        Assert.Null(nodes[0].Registry.Return("AAAAAA", "key"));
    }

    [Fact]
    public void Noise_in_place_of_a_room_is_left_alone_and_in_place_of_news_not_heard()
    {
        using var nodes = new TestNodes();
        var (teacher, room, _) = nodes[0].Open();
        var random = new Random(1);
        for (var i = 0; i < 300; i++)
        {
            var noise = RoomWire.Bytes<RoomNews>(new RoomPresence(room.Code, i, ["x"], true) { Node = "other" });
            noise[random.Next(noise.Length)] = (byte)random.Next(256);
            nodes.Table.Say(noise[..random.Next(noise.Length + 1)]);
        }
        Assert.True(teacher.Do(new LockRoom(true)));
        var noisy = "not ours"u8.ToArray();
        nodes.Table.Rooms[room.Code] = (room.State.Version + 5, noisy);
        Assert.False(teacher.Do(new LockRoom(false)));
        Assert.Equal(Refusal.Away.Sentence, teacher.Problem);
        Assert.Same(noisy, nodes.Table.Rooms[room.Code].State);
    }

    [Fact]
    public void A_room_under_anothers_code_is_no_room()
    {
        using var nodes = new TestNodes();
        var (_, room, _) = nodes[0].Open();
        nodes.Table.Rooms["AAAAAA"] = nodes.Table.Rooms[room.Code];
        Assert.Null(nodes[1].Registry.Find("AAAAAA", "10.0.0.1").Room);
    }

    [Fact]
    public void A_distribution_that_was_touched_is_not_taken()
    {
        var row = new NextToken(Enumerable.Range(0, 50).Select(i => (float)i).ToArray(), 7);
        var bytes = row.ToBytes();
        var copy = NextToken.FromBytes(bytes, row.Id)!;
        Assert.Equal((row.DrawnTokenId, row.Entropy, row.Id), (copy.DrawnTokenId, copy.Entropy, copy.Id));
        Assert.Equal(row.TokenIds, copy.TokenIds);
        bytes[9] ^= 1;
        Assert.Null(NextToken.FromBytes(bytes, row.Id));
        Assert.Null(NextToken.FromBytes(bytes.AsSpan(0, 6), row.Id));
    }
}
