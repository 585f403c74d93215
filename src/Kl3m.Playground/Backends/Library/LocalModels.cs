using Kl3m.Inference;
using Kl3m.Inference.Models;
using Kl3m.Inference.Weights;
using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Backends.Library;

/// <summary>Looks for models on this machine: the bundled one, the folders of the configuration, and the cache that all Hugging Face tools share.</summary>
internal sealed class LocalModels(LibraryOptions options, HubSettings hub)
{
    private const string Repositories = "models--";
    private const long LargestConfig = 256 * 1024;

    /// <summary>All that is found, whole or half; each id once.</summary>
    public IReadOnlyList<LibraryModel> Scan() =>
    [
        .. Bundled().Concat(options.Folders.SelectMany(InFolder)).Concat(InCache()).DistinctBy(model => model.Id),
    ];

    /// <summary>A model folder as a model; refused, with the reason, where it could not be loaded.</summary>
    public static LibraryModel Inspect(string folder, string id, ModelSource source)
    {
        var found = new LibraryModel(id, source, ModelCondition.Here) { Folder = folder, DiskBytes = BytesIn(folder) };
        try
        {
            found = found with { Config = GptNeoXConfig.Load(folder), Card = CardOf(folder) };
            using var checkpoint = Checkpoint.Open(folder);
            return File.Exists(Path.Combine(folder, "tokenizer.json"))
                ? found
                : found with { Condition = ModelCondition.Refused, Problem = "tokenizer.json is missing from the folder." };
        }
        catch (Exception exception) when (exception is ModelFileException or IOException or UnauthorizedAccessException)
        {
            return found with { Condition = ModelCondition.Refused, Problem = exception.Message };
        }
    }

    /// <summary>What the cache has of one model of the hub; null where it has nothing of it.</summary>
    public LibraryModel? InCache(string id)
    {
        try
        {
            return Cached(id);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // another user's, or going away just now
        }
    }

    private LibraryModel? Cached(string id)
    {
        var repository = new CachedRepository(hub.CacheRoot, id);
        var blobs = new DirectoryInfo(Path.Combine(repository.Folder, "blobs"));
        if (repository.Complete() is { } snapshot)
        {
            return Inspect(snapshot, id, ModelSource.Hub) with { DiskBytes = blobs.Exists ? BytesIn(blobs.FullName) : BytesIn(snapshot) };
        }
        return blobs.Exists && blobs.EnumerateFiles().Any()
            ? new(id, ModelSource.Hub, ModelCondition.Partial) { DiskBytes = BytesIn(blobs.FullName), Config = blobs.EnumerateFiles().Select(ConfigIn).FirstOrDefault(config => config is not null) }
            : null;
    }

    private static IEnumerable<LibraryModel> Bundled() => Directory.Exists(ModelFolder.BundledPath)
        ? [Inspect(ModelFolder.BundledPath, ModelFolder.NameOf(ModelFolder.BundledPath), ModelSource.Bundled)]
        : [];

    /// <summary>The folder itself, or those in it that look like models.</summary>
    private static IEnumerable<LibraryModel> InFolder(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(full))
        {
            return [new(full, ModelSource.Folder, ModelCondition.Refused) { Problem = "Models:Folders names it, and there is no such folder." }];
        }
        try
        {
            IEnumerable<string> folders = LooksLikeModel(full) ? [full] : Directory.EnumerateDirectories(full).Where(LooksLikeModel).Order(StringComparer.Ordinal);
            return [.. folders.Select(each => Inspect(each, ModelFolder.NameOf(each), ModelSource.Folder))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [new(full, ModelSource.Folder, ModelCondition.Refused) { Problem = "Models:Folders names it, and this app may not read it." }];
        }
    }

    public static bool LooksLikeModel(string folder) => File.Exists(Path.Combine(folder, "config.json"));

    /// <summary>The cache is full of other tools' models, too: only those of this architecture are ours to show.</summary>
    private IEnumerable<LibraryModel> InCache()
    {
        return FoldersIn(hub.CacheRoot).Order(StringComparer.Ordinal)
            .Select(path => Path.GetFileName(path)[Repositories.Length..].Replace("--", "/", StringComparison.Ordinal))
            .Where(HubClient.IsId)
            .Select(InCache)
            .OfType<LibraryModel>()
            .Where(model => model.Config is not null || model.Known is not null);
    }

    private static string[] FoldersIn(string root)
    {
        try
        {
            return Directory.Exists(root) ? Directory.GetDirectories(root, Repositories + "*") : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static GptNeoXConfig? ConfigIn(FileInfo file)
    {
        if (file.Length is 0 or > LargestConfig)
        {
            return null;
        }
        try
        {
            return GptNeoXConfig.Parse(File.ReadAllBytes(file.FullName));
        }
        catch (Exception exception) when (exception is ModelFileException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? CardOf(string folder) =>
        Path.Combine(folder, "README.md") is var card && new FileInfo(card) is { Exists: true, Length: < 1 << 20 } ? File.ReadAllText(card) : null;

    /// <summary>Links count as what they lead to.</summary>
    private static long BytesIn(string folder)
    {
        try
        {
            return new DirectoryInfo(folder).EnumerateFiles()
                .Sum(file => (file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo) is { Exists: true } real ? real.Length : 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
