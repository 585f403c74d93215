using System.Text;
using Kl3m.Playground.Hub;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Playground.Tests.Hub;

/// <summary>A hub with one model of two shards, and an empty cache.</summary>
internal sealed class HubFixture : IAsyncDisposable
{
    public const int ShardBytes = 3_000_017;
    public const string Shard1 = "model-00001-of-00002.safetensors";
    public const string Shard2 = "model-00002-of-00002.safetensors";
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();

    public HubFixture(FakeHub? hub = null)
    {
        Hub = hub ?? new();
        var random = new Random(20);
        Add("config.json", """{"model_type": "gpt_neox"}""");
        Add("tokenizer.json", """{"model": {}}""");
        Add("README.md", "# A model\n");
        Add("pytorch_model.bin", "a pickle");
        Add("onnx/model.safetensors", "of something else");
        Add("model.safetensors.index.json", $$$"""{"weight_map": {"a": "{{{Shard1}}}", "b": "{{{Shard2}}}"}}""");
        foreach (var shard in new[] { Shard1, Shard2 })
        {
            random.NextBytes(Hub.Files[shard] = new byte[ShardBytes]);
        }
        Settings = new(Hub.Hub, Path.Combine(folder.FullName, "hub"));
    }

    public static string[] Needed { get; } = ["config.json", "tokenizer.json", "README.md", "model.safetensors.index.json", Shard1, Shard2];

    public FakeHub Hub { get; }

    public HubSettings Settings { get; set; }

    public ImpatientTime Time { get; } = new();

    public string Repository => Path.Combine(Settings.CacheRoot, "models--org--name");

    public string Snapshot => Path.Combine(Repository, "snapshots", FakeHub.Commit);

    public DownloadSettings DownloadSettings { get; set; } = new();

    public FreeSpace FreeSpace { get; set; } = _ => long.MaxValue;

    public void Add(string name, string content) => Hub.Files[name] = Encoding.UTF8.GetBytes(content);

    public string Blob(string name) => Path.Combine(Repository, "blobs", FakeHub.HashOf(name, Hub.Files[name]));

    public HubDownload Download() => new(Settings, Time, NullLogger<HubDownload>.Instance) { FreeSpace = FreeSpace, Every = TimeSpan.Zero, Settings = DownloadSettings };

    public Task<string> FetchAsync(Action<DownloadProgress>? report = null, CancellationToken cancellationToken = default) =>
        Download().FetchAsync(FakeHub.Id, report ?? (_ => { }), cancellationToken);

    public void AssertWhole(string? at = null)
    {
        Assert.Equal(Snapshot, at ?? Snapshot);
        Assert.Equal(Needed.Order(StringComparer.Ordinal), Directory.GetFileSystemEntries(Snapshot).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.All(Needed, name => Assert.Equal(Hub.Files[name], File.ReadAllBytes(Path.Combine(Snapshot, name))));
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(Repository, "refs", "main")));
        Assert.Equal(Needed.Select(Blob).Order(StringComparer.Ordinal), Directory.GetFiles(Path.Combine(Repository, "blobs")).Order(StringComparer.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
