using Kl3m.Playground.Backends;
using Kl3m.Playground.Tests.Hub;

namespace Kl3m.Playground.E2E;

/// <summary>Real processes that download (`Model:Id`), and are killed, or are two.</summary>
public sealed class KilledDownloadTests : IAsyncDisposable
{
    private const string Weights = "model.safetensors";
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory();
    private readonly FakeHub hub = new();

    public KilledDownloadTests()
    {
        foreach (var file in Directory.GetFiles(ModelFolder.BundledPath).Where(path => Path.GetExtension(path) is ".json" or ".safetensors" or ".md"))
        {
            hub.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        }
    }

    private string Repository => Path.Combine(home.FullName, "hub", "models--org--name");

    private string Blob => Path.Combine(Repository, "blobs", FakeHub.Sha256(hub.Files[Weights]));

    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        home.Delete(recursive: true);
    }

    [Fact]
    public async Task Killed_ten_times_at_random_moments_it_ends_whole_and_verified_and_fetches_nothing_twice()
    {
        var (random, size, sentBefore) = (new Random(7), hub.Files[Weights].Length, 0L);
        for (var kill = 0; kill < 10; kill++)
        {
            var (reached, killed) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource());
            var (left, sentUpTo) = (Incomplete(), sentBefore);
            var point = random.NextInt64(1, (size - left) / 3);
            hub.Requests.Clear();
            hub.Pieces = async sent =>
            {
                sentUpTo = sent;
                if (sent - sentBefore >= point)
                {
                    reached.TrySetResult();
                    await killed.Task;
                }
            };
            await using (var app = Launch())
            {
                await app.UntilAsync(reached.Task);
            }
            killed.SetResult();
            sentBefore = sentUpTo;
            Assert.False(File.Exists(Path.Combine(Repository, "refs", "main")), "What is not whole is not published.");
            Assert.False(File.Exists(Blob), "A half file never has its final name.");
            Assert.True(Incomplete() >= left, "What came is kept.");
            Assert.All(hub.Fetches(Weights), fetch => Assert.Equal(left, fetch.From ?? 0));
        }
        Assert.True(Incomplete() > 0);
        hub.Pieces = null;
        await using var last = Launch();
        await last.ReadyAsync();
        Assert.Equal(hub.Files[Weights], await File.ReadAllBytesAsync(Blob, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(Blob + ".incomplete"));
    }

    [Fact]
    public async Task Two_processes_at_once_fetch_each_file_once_and_both_become_ready()
    {
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var infos = 0;
        Task<bool> Arrived()
        {
            if (Interlocked.Increment(ref infos) == 2)
            {
                both.SetResult();
            }
            return both.Task.ContinueWith(_ => false, TaskScheduler.Default);
        }
        // Neither gets its list of files before the other has asked.
        hub.Fail("info", (_, _, _) => Arrived(), (_, _, _) => Arrived());
        await using var one = Launch();
        await using var other = Launch();
        await Task.WhenAll(one.ReadyAsync(), other.ReadyAsync());
        Assert.Equal(2, infos);
        Assert.All(["config.json", "tokenizer.json", "generation_config.json", "README.md", Weights], name => Assert.Single(hub.Fetches(name)));
    }

    private long Incomplete() => new FileInfo(Blob + ".incomplete") is { Exists: true } half ? half.Length : 0;

    private PlaygroundApp Launch() => PlaygroundApp.Launch(
        [("HF_ENDPOINT", hub.Hub.ToString()), ("HF_HOME", home.FullName), ("HF_TOKEN", ""), ("HF_HUB_CACHE", "")], "--Model:Id=" + FakeHub.Id);
}
