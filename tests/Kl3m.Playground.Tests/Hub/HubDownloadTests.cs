using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Tests.Hub;

public sealed class HubDownloadTests : IAsyncDisposable
{
    private readonly HubFixture hub = new();

    private static string[] Shards { get; } = [HubFixture.Shard1, HubFixture.Shard2];

    public ValueTask DisposeAsync() => hub.DisposeAsync();

    [Fact]
    public async Task A_model_comes_whole_in_the_layout_that_all_tools_share_and_nothing_else_of_it()
    {
        var last = default(DownloadProgress);
        hub.AssertWhole(await hub.FetchAsync(progress => last = progress));
        Assert.All(HubFixture.Needed, name => Assert.Equal(
            Path.Combine("..", "..", "blobs", FakeHub.HashOf(name, hub.Hub.Files[name])), new FileInfo(Path.Combine(hub.Snapshot, name)).LinkTarget));
        Assert.Empty(hub.Hub.Sent("pytorch_model.bin"));
        Assert.Empty(hub.Hub.Sent("model.safetensors"));
        Assert.Equal(HubFixture.Needed.Sum(name => hub.Hub.Files[name].Length), last?.Total);
        Assert.Equal(last?.Total, last?.Bytes);
    }

    [Fact]
    public async Task What_was_downloaded_once_is_used_without_any_request()
    {
        var folder = await hub.FetchAsync();
        hub.Hub.Requests.Clear();
        Assert.Equal(folder, await hub.FetchAsync(_ => Assert.Fail("no progress to tell")));
        Assert.Empty(hub.Hub.Requests);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Killed_ten_times_it_ends_whole_and_goes_on_from_the_very_byte(int seed)
    {
        var random = new Random(seed);
        var points = Enumerable.Range(0, 10).Select(_ => random.NextInt64(1, 2 * HubFixture.ShardBytes)).Order().ToArray();
        foreach (var point in points)
        {
            hub.Hub.Requests.Clear();
            var left = Shards.ToDictionary(name => name, name => new FileInfo(hub.Blob(name) + ".incomplete") is { Exists: true } half ? half.Length : 0);
            using var kill = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hub.FetchAsync(progress =>
            {
                if (progress.Bytes >= point)
                {
                    kill.Cancel();
                }
            }, kill.Token));
            Assert.Null(new CachedRepository(hub.Settings.CacheRoot, FakeHub.Id).Snapshot());
            Assert.All(Shards.SelectMany(hub.Hub.Fetches), fetch => Assert.Equal(left[Path.GetFileName(fetch.Path)], fetch.From ?? 0));
            Assert.True(Directory.GetFiles(Path.Combine(hub.Repository, "blobs")).Sum(path => new FileInfo(path).Length) >= point, "what was fetched is kept");
        }
        hub.AssertWhole(await hub.FetchAsync());
    }

    [Fact]
    public async Task Cut_lines_and_busy_servers_are_asked_again_as_they_wish()
    {
        hub.Hub.Fail("info", FakeHub.Status(429, "7"), FakeHub.Status(500));
        hub.Hub.Fail(HubFixture.Shard1, FakeHub.CutAfter(1_000_000), FakeHub.Status(503), FakeHub.CutAfter(1_000_000));
        hub.AssertWhole(await hub.FetchAsync());
        Assert.Equal([7, 2, 1, 2, 1], hub.Time.Waits.Select(wait => wait.TotalSeconds));
        var starts = hub.Hub.Fetches(HubFixture.Shard1).Select(fetch => fetch.From ?? 0).ToArray();
        Assert.Equal([0, 1_000_000, 1_000_000, 2_000_000], starts);
    }

    [Fact]
    public async Task A_server_that_stays_busy_is_given_up_and_what_came_is_kept()
    {
        hub.Hub.Fail(HubFixture.Shard1, [FakeHub.CutAfter(1_000_000), .. Enumerable.Repeat(FakeHub.Status(502), 20)]);
        var problem = await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync());
        Assert.Contains("502", problem.Message, StringComparison.Ordinal);
        Assert.Contains("8 tries", problem.Message, StringComparison.Ordinal);
        Assert.Equal(1_000_000, new FileInfo(hub.Blob(HubFixture.Shard1) + ".incomplete").Length);
        Assert.Null(new CachedRepository(hub.Settings.CacheRoot, FakeHub.Id).Snapshot());
    }

    [Fact]
    public async Task A_line_that_falls_silent_is_taken_for_broken()
    {
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        hub.Hub.Fail("info", (_, _, _) =>
        {
            asked.SetResult();
            return answer.Task.ContinueWith(_ => true, TaskScheduler.Default);
        });
        var fetching = hub.FetchAsync();
        await asked.Task;
        hub.Time.Advance(HubClient.Stall);
        hub.AssertWhole(await fetching);
        answer.SetResult();
    }

    [Fact]
    public async Task A_server_without_ranges_gives_the_whole_file_again()
    {
        hub.Hub.Fail(HubFixture.Shard1, FakeHub.CutAfter(1_000_000), FakeHub.NoRanges());
        hub.AssertWhole(await hub.FetchAsync());
    }

    [Theory]
    [InlineData(HubFixture.Shard1)]
    [InlineData("tokenizer.json")]
    public async Task A_wrong_hash_is_refused_and_fetched_once_more(string file)
    {
        hub.Hub.Fail(file, FakeHub.WrongBytes());
        hub.AssertWhole(await hub.FetchAsync());
        Assert.Equal(2, hub.Hub.Fetches(file).Count());
    }

    [Fact]
    public async Task A_hash_that_stays_wrong_is_an_error_and_leaves_no_such_file()
    {
        hub.Hub.Fail(HubFixture.Shard1, FakeHub.WrongBytes(), FakeHub.WrongBytes());
        var problem = await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync());
        Assert.Contains("wrong hash", problem.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(hub.Blob(HubFixture.Shard1)));
        Assert.False(File.Exists(hub.Blob(HubFixture.Shard1) + ".incomplete"));
    }

    [Fact]
    public async Task A_disk_that_is_too_full_is_named_before_anything_is_written()
    {
        hub.FreeSpace = _ => 2_000_000;
        var problem = await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync());
        Assert.Contains("needs 6.0 MB more", problem.Message, StringComparison.Ordinal);
        Assert.Contains("2.0 MB are free", problem.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(hub.Settings.CacheRoot));
    }

    [Fact]
    public async Task A_disk_that_becomes_full_is_told_and_nothing_half_is_left()
    {
        var files = 0;
        hub.DownloadSettings = new() { Open = path => Interlocked.Increment(ref files) > 4 ? new SmallDisk(path, 1_000_000) : new DownloadSettings().Open(path) };
        var problem = await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync());
        Assert.Contains("disk became full", problem.Message, StringComparison.Ordinal);
        Assert.Contains("HF_HUB_CACHE", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(hub.Repository, "blobs")), path => path.EndsWith(".incomplete", StringComparison.Ordinal));
        Assert.Null(new CachedRepository(hub.Settings.CacheRoot, FakeHub.Id).Snapshot());
        hub.DownloadSettings = new();
        hub.AssertWhole(await hub.FetchAsync());
    }

    [Fact]
    public void The_systems_own_word_for_a_full_disk_is_the_one_that_is_looked_for()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        Assert.Equal(28, Assert.ThrowsAny<IOException>(() => full.Write(new byte[1])).HResult);
    }

    private sealed class SmallDisk(string path, long bytes) : FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Length + buffer.Length <= bytes ? base.WriteAsync(buffer, cancellationToken) : throw new IOException("No space left on device", 28);
    }

    [Fact]
    public async Task Two_downloads_at_once_fetch_each_file_once()
    {
        var gate = new TaskCompletionSource();
        hub.Hub.Fail(HubFixture.Shard1, FakeHub.WaitFor(gate.Task));
        var (first, second) = (hub.FetchAsync(), hub.FetchAsync());
        while (hub.Time.Waits.IsEmpty && hub.Hub.Fetches(HubFixture.Shard1).Count() < 2 && !first.IsCompleted && !second.IsCompleted)
        {
            await Task.Yield(); // until one waits for the other's lock
        }
        gate.SetResult();
        // Both, before anything is looked at: the second one may still be writing its links under passing names.
        var folders = await Task.WhenAll(first, second);
        Assert.All(folders, hub.AssertWhole);
        Assert.All(HubFixture.Needed, name => Assert.Single(hub.Hub.Fetches(name)));
    }

    [Theory]
    [InlineData("../../x")]
    [InlineData("/etc/x.safetensors")]
    [InlineData(@"..\x.safetensors")]
    [InlineData("C:x.safetensors")]
    [InlineData("a//b.safetensors")]
    public async Task A_file_list_that_leads_out_of_the_folder_is_refused(string name)
    {
        hub.Add(name, "x");
        var problem = await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync());
        Assert.Contains(name, problem.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(hub.Settings.CacheRoot));
    }

    [Fact]
    public async Task Another_architecture_is_refused_before_its_weights()
    {
        hub.Add("config.json", """{"model_type": "llama"}""");
        var problem = await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync());
        Assert.Contains("llama", problem.Message, StringComparison.Ordinal);
        Assert.Empty(hub.Hub.Sent(HubFixture.Shard1));
    }

    [Fact]
    public async Task Pickles_alone_are_no_model()
    {
        hub.Hub.Files.Remove(HubFixture.Shard1);
        hub.Hub.Files.Remove(HubFixture.Shard2);
        Assert.Contains("no safetensors", (await Assert.ThrowsAsync<HubException>(() => hub.FetchAsync())).Message, StringComparison.Ordinal);
    }
}
