using System.Text.Json;

namespace Kl3m.Playground.Hub;

/// <summary>Free bytes on the disk of a folder that need not exist yet.</summary>
internal delegate long FreeSpace(string folder);

/// <summary>
/// Brings a model of the hub into the cache, whole and checked, and says where it lies. What is there already, from us or from Python's tools,
/// is used; what a former try left half is gone on with.
/// </summary>
internal sealed partial class HubDownload(HubSettings settings, TimeProvider time, ILogger<HubDownload> logger)
{
    private const int Connections = 2;
    private const long Reserve = 64 * 1024 * 1024;
    private const int LargestConfig = 4 << 20;
    private static readonly string[] Needed = ["config.json", "tokenizer.json"];

    public FreeSpace FreeSpace { get; init; } = FreeBytes;

    public DownloadSettings Settings { get; init; } = new();

    /// <summary>How often progress is told, at most.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <returns>The model's folder.</returns>
    /// <exception cref="HubException">It cannot be had, and why.</exception>
    public async Task<string> FetchAsync(string id, Action<DownloadProgress> report, CancellationToken cancellationToken)
    {
        var repository = new CachedRepository(settings.CacheRoot, id);
        if (HubClient.IsId(id) && repository.Complete() is { } there)
        {
            return there;
        }
        if (settings.Offline)
        {
            throw new HubException($"{id} is not whole in the cache ({settings.CacheRoot}{Lacks(repository)}), and HF_HUB_OFFLINE forbids to download it.");
        }
        Require(settings);
        report(new(0, 0, null));
        using var client = new HubClient(settings, time);
        var revision = await AskAsync(() => client.MainAsync(id, cancellationToken), cancellationToken);
        Require(id, revision);
        var small = await DescribeAsync(client, id, revision, revision.SmallFiles, cancellationToken);
        var weights = await DescribeAsync(client, id, revision, revision.WeightFiles, cancellationToken);
        RequireSpace(id, repository, [.. small, .. weights]);
        await using var meter = new DownloadMeter(small.Concat(weights).Sum(file => file.Size), report, time, Every);
        LogStart(id, revision.Commit, settings.Endpoint, settings.CacheRoot);
        meter.Tell();

        try
        {
            await FetchAsync(client, repository, id, revision.Commit, small, meter, cancellationToken);
            RequireGptNeoX(id, repository.BlobPath(small.Single(file => file.Name == "config.json")));
            await FetchAsync(client, repository, id, revision.Commit, weights, meter, cancellationToken);
        }
        catch (HubException exception) when (exception.DiskFull)
        {
            // A full disk helps nobody, and what fills it may be ours: all half files go, those of the other connections too.
            foreach (var file in small.Concat(weights))
            {
                File.Delete(repository.BlobPath(file) + ".incomplete");
            }
            throw;
        }
        meter.Tell();
        var folder = repository.Publish(revision.Commit, small.Concat(weights));
        return CachedRepository.Missing(folder) is { } missing ? throw new HubException($"{id} lacks {missing}, which its index names.") : folder;
    }

    /// <summary>What the hub says of a model, without fetching its weights.</summary>
    /// <exception cref="HubException">It is none that this app could run, or it cannot be asked; and why.</exception>
    public async Task<HubModel> LookAsync(string id, CancellationToken cancellationToken)
    {
        if (settings.Offline)
        {
            throw new HubException($"{id} is not in the cache ({settings.CacheRoot}), and HF_HUB_OFFLINE forbids to ask the hub.");
        }
        Require(settings);
        using var client = new HubClient(settings, time);
        var revision = await client.MainAsync(id, cancellationToken);
        Require(id, revision);
        var files = await DescribeAsync(client, id, revision, revision.SmallFiles.Concat(revision.WeightFiles), cancellationToken);
        var (response, body, _) = await client.OpenAsync(id, revision.Commit, "config.json", 0, null, cancellationToken);
        using var __ = response;
        await using var ___ = body;
        return new(files.Sum(file => file.Size), await body.ReadAllAsync(LargestConfig, cancellationToken));
    }

    private Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken) => new Backoff(time, logger).RunAsync(_ => ask(), cancellationToken);

    private async Task<HubFile[]> DescribeAsync(HubClient client, string id, HubRevision revision, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var files = new List<HubFile>();
        foreach (var name in names)
        {
            files.Add(revision.Files[name] is ({ } size, { } hash)
                ? new(name, size, hash)
                : await AskAsync(() => client.DescribeAsync(id, revision.Commit, name, cancellationToken), cancellationToken));
        }
        return [.. files];
    }

    private async Task FetchAsync(
        HubClient client, CachedRepository repository, string id, string commit, HubFile[] files, DownloadMeter meter, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = Connections, CancellationToken = cancellationToken }, async (file, cancelled) =>
            await new BlobDownload(client, repository, id, commit, file, meter, Settings, time, logger).RunAsync(cancelled));

    private static void Require(HubSettings settings)
    {
        if (settings.Mistake is { } mistake)
        {
            throw new HubException(mistake);
        }
    }

    private static void Require(string id, HubRevision revision)
    {
        if (Needed.FirstOrDefault(name => !revision.Files.ContainsKey(name)) is { } missing)
        {
            throw new HubException($"{id} has no {missing}, so it is no model that this app can load.");
        }
        if (!revision.WeightFiles.Any())
        {
            throw new HubException($"{id} has no safetensors; pickles are never opened.");
        }
    }

    private static void RequireGptNeoX(string id, string config)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(config));
            var type = json.RootElement.TryGetProperty("model_type", out var field) ? field.ToString() : "not said";
            if (type != "gpt_neox")
            {
                throw new HubException($"{id} is a model of type {type}; this app runs gpt_neox. Its weights were not downloaded.");
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new HubException($"config.json of {id} is no JSON object. Its weights were not downloaded.", exception);
        }
    }

    private void RequireSpace(string id, CachedRepository repository, HubFile[] files)
    {
        var needed = files.DistinctBy(file => file.Hash).Where(file => !File.Exists(repository.BlobPath(file)))
            .Sum(file => file.Size - (new FileInfo(repository.BlobPath(file) + ".incomplete") is { Exists: true } half ? Math.Min(half.Length, file.Size) : 0));
        if (needed > 0 && FreeSpace(settings.CacheRoot) is var free && free < needed + Reserve)
        {
            throw new HubException($"{id} needs {DownloadProgress.Size(needed)} more on the disk of {settings.CacheRoot}, and {DownloadProgress.Size(Math.Max(0, free))} "
                + "are free. Make room, or let HF_HUB_CACHE name another disk.");
        }
    }

    private static string Lacks(CachedRepository repository) =>
        repository.Snapshot() is { } snapshot && CachedRepository.Missing(snapshot) is { } missing ? $" lacks {missing}" : "";

    /// <summary>Of the disk that the folder, which need not be there yet, is or would be on.</summary>
    public static long FreeBytes(string folder)
    {
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { Length: > 0 } parent)
        {
            folder = parent;
        }
        return new DriveInfo(folder).AvailableFreeSpace;
    }

    [LoggerMessage(LogLevel.Information, "Downloading {Model} at {Commit} from {Endpoint} to {Cache}")]
    private partial void LogStart(string model, string commit, Uri endpoint, string cache);
}
