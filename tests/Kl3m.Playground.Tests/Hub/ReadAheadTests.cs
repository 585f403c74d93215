using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Tests.Hub;

/// <summary>Large files come over several connections at once; what is large is made small here.</summary>
public sealed class ReadAheadTests : IAsyncDisposable
{
    private const int Piece = 200_000;
    private readonly HubFixture hub = new() { DownloadSettings = new() { PieceBytes = Piece } };

    public ValueTask DisposeAsync() => hub.DisposeAsync();

    [Fact]
    public async Task Every_byte_is_fetched_once_and_the_file_is_whole()
    {
        hub.AssertWhole(await hub.FetchAsync());
        var parts = hub.Hub.Fetches(HubFixture.Shard1).Select(part => (From: part.From!.Value, To: part.To!.Value)).Order().ToArray();
        Assert.Equal(16, parts.Length);
        Assert.Equal(0, parts[0].From);
        Assert.All(parts.Zip(parts.Skip(1)), pair => Assert.Equal(pair.First.To + 1, pair.Second.From));
        Assert.Equal(HubFixture.ShardBytes - 1, parts[^1].To);
    }

    [Fact]
    public async Task While_the_first_piece_is_late_the_next_three_are_asked_for_and_no_more()
    {
        var gate = new TaskCompletionSource();
        hub.Hub.Fail(HubFixture.Shard1, [.. Enumerable.Repeat(FakeHub.WaitFor(gate.Task), ReadAhead.Connections)]);
        var fetching = hub.FetchAsync();
        while (hub.Hub.Fetches(HubFixture.Shard1).Count() < ReadAhead.Connections && !fetching.IsCompleted)
        {
            await Task.Yield();
        }
        Assert.Equal(ReadAhead.Connections, hub.Hub.Fetches(HubFixture.Shard1).Count());
        gate.SetResult();
        hub.AssertWhole(await fetching);
    }

    [Fact]
    public async Task A_cut_piece_is_asked_for_again_from_the_byte_that_is_missing()
    {
        hub.Hub.Fail(HubFixture.Shard1, FakeHub.CutAfter(150_000), FakeHub.Status(503));
        hub.AssertWhole(await hub.FetchAsync());
        Assert.All(hub.Hub.Fetches(HubFixture.Shard1), part => Assert.True(part.To - part.From < Piece));
    }

    [Fact]
    public async Task A_server_without_ranges_is_asked_for_the_whole_file_instead()
    {
        hub.Hub.Fail(HubFixture.Shard1, [.. Enumerable.Repeat(FakeHub.NoRanges(), 20)]);
        hub.AssertWhole(await hub.FetchAsync());
        Assert.Null(hub.Hub.Fetches(HubFixture.Shard1).Last().To);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Broken_off_ten_times_the_half_file_is_always_a_right_beginning(int seed)
    {
        var random = new Random(seed);
        var points = Enumerable.Range(0, 10).Select(_ => random.NextInt64(1, 2 * HubFixture.ShardBytes)).Order().ToArray();
        foreach (var point in points)
        {
            using var kill = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hub.FetchAsync(progress =>
            {
                if (progress.Bytes >= point)
                {
                    kill.Cancel();
                }
            }, kill.Token));
            foreach (var shard in (string[])[HubFixture.Shard1, HubFixture.Shard2])
            {
                var half = hub.Blob(shard) + ".incomplete";
                var there = File.Exists(half) ? await File.ReadAllBytesAsync(half, TestContext.Current.CancellationToken) : [];
                Assert.Equal(hub.Hub.Files[shard][..there.Length], there);
            }
        }
        hub.AssertWhole(await hub.FetchAsync());
    }

    [Fact]
    public async Task A_wrong_hash_is_refused_here_too()
    {
        hub.Hub.Fail(HubFixture.Shard1, Wrong);
        hub.AssertWhole(await hub.FetchAsync());
        Assert.Equal(32, hub.Hub.Fetches(HubFixture.Shard1).Count());
    }

    private static async Task<bool> Wrong(Microsoft.AspNetCore.Http.HttpContext context, byte[] content, long from)
    {
        var wrong = content.ToArray();
        wrong[from] ^= 1;
        return await FakeHub.Bytes(wrong)(context, content, from);
    }
}
