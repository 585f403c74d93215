using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Classroom.Nodes;

namespace Kl3m.Playground.Tests.Classroom.Nodes;

/// <summary>What nodes rely on, of the fake and of a real Redis alike.</summary>
public sealed class BoardTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_writers_with_the_same_idea_one_comes_second_and_is_given_what_stands_there(bool real)
    {
        using var pair = await Pair.OfAsync(real);
        Assert.Null(await pair.One.ReadRoomAsync("AAAAAA"));
        Assert.Null(await pair.One.WriteRoomAsync("AAAAAA", -1, 0, B("zero"), B("w0")));
        Assert.Equal("zero", S(await pair.Other.WriteRoomAsync("AAAAAA", -1, 0, B("mine"), B("w"))));
        Assert.Null(await pair.Other.WriteRoomAsync("AAAAAA", 0, 1, B("one"), B("w1")));
        Assert.Equal("one", S(await pair.One.WriteRoomAsync("AAAAAA", 0, 1, B("uno"), B("w"))));
        Assert.Equal("one", S(await pair.One.ReadRoomAsync("AAAAAA")));
        // Who knows as much as stands there changes nothing and says nothing; who knows more puts it there.
        Assert.Null(await pair.One.WriteRoomAsync("AAAAAA", 1, 1, B("again"), B("w")));
        Assert.Equal("one", S(await pair.One.ReadRoomAsync("AAAAAA")));
        Assert.Null(await pair.One.WriteRoomAsync("AAAAAA", 9, 10, B("ten"), B("w10")));
        Assert.Equal("ten", S(await pair.Other.ReadRoomAsync("AAAAAA")));
        Assert.Equal(["w0", "w1", "w10"], await pair.HeardAsync(3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_list_grows_only_from_the_length_that_the_writer_knows(bool real)
    {
        using var pair = await Pair.OfAsync(real);
        Assert.Equal(2, await pair.One.AppendAsync("list", 0, [B("a"), B("b")], B("grew")));
        Assert.Equal(2, await pair.One.AppendAsync("list", 1, [B("x")], B("w")));
        Assert.Equal(2, await pair.One.AppendAsync("list", 2, [], B("w")));
        Assert.Equal(3, await pair.One.AppendAsync("list", 2, [B("c")], B("grew more")));
        Assert.Equal(["b", "c"], (await pair.Other.ReadListAsync("list", 1)).Select(S));
        Assert.Empty(await pair.Other.ReadListAsync("list", 3));
        Assert.Empty(await pair.Other.ReadListAsync("none", 0));
        Assert.Equal(["grew", "grew more"], await pair.HeardAsync(2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Words_reach_everybody_in_order_and_pieces_are_found_by_name(bool real)
    {
        using var pair = await Pair.OfAsync(real);
        byte[] bytes = [0, 255, 13, 10, 128];
        await pair.One.WriteAsync("row", bytes);
        Assert.Equal(bytes, await pair.Other.ReadAsync("row"));
        Assert.Null(await pair.Other.ReadAsync("none"));
        for (var i = 0; i < 20; i++)
        {
            await pair.One.SayAsync(B($"{i}"));
        }
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), await pair.HeardAsync(20));
    }

    [Fact]
    public async Task Redis_may_come_late_go_and_come_back_and_is_missed_at_once_while_it_is_away()
    {
        using var server = new RedisServer();
        var line = await server.LineAsync();
        var heard = new BlockingCollection<string>();
        using var returned = new SemaphoreSlim(0);
        line.Heard += words => heard.Add(S(words.ToArray()));
        line.Returned += () => returned.Release();
        await Assert.ThrowsAsync<BoardAwayException>(() => line.ReadRoomAsync("AAAAAA"));
        for (var i = 0; i < 2; i++)
        {
            await server.StartAsync();
            await EventuallyAsync(async () => await line.WriteRoomAsync("AAAAAA", i, i + 1, B("state"), B("w")) is null);
            await EventuallyAsync(async () =>
            {
                await line.SayAsync(B("words"));
                return heard.TryTake(out var said) && said.Length > 0;
            });
            Assert.True(await returned.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            server.Kill();
            await EventuallyAsync(async () => await Record.ExceptionAsync(() => line.ReadRoomAsync("AAAAAA")) is BoardAwayException);
            var clock = Stopwatch.StartNew();
            await Assert.ThrowsAsync<BoardAwayException>(() => line.WriteRoomAsync("AAAAAA", 1, 2, B("x"), B("w")));
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"It took {clock.Elapsed}.");
        }
    }

    [Fact]
    public async Task Thirty_students_on_two_nodes_and_a_real_redis_are_counted_once_each_and_see_what_the_teacher_does()
    {
        using var server = new RedisServer();
        await server.StartAsync();
        using var one = new TestClass(board: await server.LineAsync());
        using var two = new TestClass(board: await server.LineAsync());
        var (teacher, key) = (one.Visit(), "");
        Assert.NotNull(key = await teacher.OpenAsync());
        var students = Enumerable.Range(0, 30).Select(i => (i % 2 == 0 ? one : two).Visit()).ToList();
        await Task.WhenAll(students.Select((student, i) => student.JoinAsync(teacher.Room!.Code, $"S{i}")));
        Assert.All(students, student => Assert.NotNull(student.Me));
        await teacher.AskAsync("The Agreement shall be ");
        var there = students[1].Room!;
        await EventuallyAsync(() => Task.FromResult(there.Row is not null));
        await Task.WhenAll(students.Select(async student =>
        {
            await student.VoteAsync("first thought");
            await student.VoteAsync("governed");
        }));
        foreach (var room in (Room[])[teacher.Room!, there])
        {
            // The other node's last vote may still be on its way here.
            await EventuallyAsync(() => Task.FromResult(Question(room).Tally().Select(row => ((char)row.TokenId, row.Count)).SequenceEqual([('g', 30)])));
        }

        var delays = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            void Look()
            {
                if (there.State.Locked == (i % 2 == 0))
                {
                    seen.TrySetResult();
                }
            }
            there.Changed += Look;
            var clock = Stopwatch.GetTimestamp();
            Assert.True(await teacher.DoAsync(new LockRoom(i % 2 == 0)));
            await seen.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            delays.Add(Stopwatch.GetElapsedTime(clock).TotalMilliseconds);
            there.Changed -= Look;
        }
        delays.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine($"From the teacher's command to the other node's room: median {delays[100]:0.0} ms, 95th percentile {delays[190]:0.0} ms, most {delays[^1]:0.0} ms.");
    }

    private static QuestionScene Question(Room room) => Assert.IsType<QuestionScene>(room.State.Scene);

    private static byte[] B(string text) => Encoding.UTF8.GetBytes(text);

    private static string S(byte[]? bytes) => Encoding.UTF8.GetString(bytes!);

    private static async Task EventuallyAsync(Func<Task<bool>> so)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                if (await so())
                {
                    return;
                }
            }
            catch (BoardAwayException) when (!limit.IsCancellationRequested)
            {
            }
            await Task.Delay(20, limit.Token);
        }
    }

    private sealed class Pair : IDisposable
    {
        private readonly BlockingCollection<string> heard = [];
        private readonly RedisServer? server;

        private Pair(RedisServer? server, RoomBoard one, RoomBoard other)
        {
            (this.server, One, Other) = (server, one, other);
            Other.Heard += words => heard.Add(S(words.ToArray()));
        }

        public RoomBoard One { get; }

        public RoomBoard Other { get; }

        public static async Task<Pair> OfAsync(bool real)
        {
            if (!real)
            {
                var table = new FakeTable();
                return new(null, table.Line(), table.Line());
            }
            var server = new RedisServer();
            await server.StartAsync();
            return new(server, await server.LineAsync(), await server.LineAsync());
        }

        /// <summary>So many words, and no more behind them.</summary>
        public async Task<IReadOnlyList<string>> HeardAsync(int count)
        {
            await One.SayAsync(B("end"));
            var all = new List<string>();
            while (heard.TryTake(out var words, TimeSpan.FromSeconds(30)) && words != "end")
            {
                all.Add(words);
            }
            Assert.Equal(count, all.Count);
            return all;
        }

        public void Dispose()
        {
            heard.Dispose();
            server?.Dispose();
        }
    }
}
