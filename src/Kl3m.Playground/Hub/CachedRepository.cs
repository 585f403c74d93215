using System.Text.Json;

namespace Kl3m.Playground.Hub;

/// <summary>
/// A model in the cache that all Hugging Face tools share: blobs by hash, snapshots of links to them by commit, refs that name the commit
/// (huggingface.co/docs/huggingface_hub/guides/manage-cache).
/// </summary>
internal sealed class CachedRepository(string root, string id)
{
    /// <summary>All of the model's files, of every revision.</summary>
    public string Folder { get; } = Path.Combine(root, FolderName(id));

    public string BlobPath(HubFile file) => Path.Combine(Folder, "blobs", file.Hash);

    public string LockPath(HubFile file) => Path.Combine(root, ".locks", FolderName(id), file.Hash + ".lock");

    /// <summary>Removes the model from the cache, for all tools that share it.</summary>
    /// <exception cref="HubException">It is being downloaded, by this process or another; or it can't be removed.</exception>
    public void Delete()
    {
        var locks = Path.Combine(root, ".locks", FolderName(id));
        try
        {
            if (Directory.Exists(locks))
            {
                foreach (var path in Directory.EnumerateFiles(locks))
                {
                    using var held = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                }
                Directory.Delete(locks, recursive: true);
            }
            if (Directory.Exists(Folder))
            {
                Directory.Delete(Folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new HubException($"{id} could not be deleted: {exception.Message} Another program may be downloading or reading it.", exception);
        }
    }

    /// <summary>The folder of the main revision if all that the app needs is in it, else null.</summary>
    public string? Complete() => Snapshot() is { } snapshot && Missing(snapshot) is null ? snapshot : null;

    /// <summary>The name of the first file that a model folder needs and this one lacks, else null.</summary>
    public static string? Missing(string snapshot)
    {
        string[] weights = File.Exists(Path.Combine(snapshot, "model.safetensors")) ? [] : Shards(Path.Combine(snapshot, HubRevision.IndexFile)) ?? ["model.safetensors"];
        return weights.Prepend("tokenizer.json").Prepend("config.json").FirstOrDefault(name => !File.Exists(Path.Combine(snapshot, name)));
    }

    /// <summary>The folder that the main revision has, whatever is in it; null if there is none.</summary>
    public string? Snapshot()
    {
        var main = Path.Combine(Folder, "refs", "main");
        return File.Exists(main) && File.ReadAllText(main).Trim() is var commit && HubFile.IsHash(commit)
            && Path.Combine(Folder, "snapshots", commit) is var snapshot && Directory.Exists(snapshot) ? snapshot : null;
    }

    /// <summary>Shows downloaded blobs under their names, and last of all names the commit main: before that nobody takes the snapshot for whole.</summary>
    public string Publish(string commit, IEnumerable<HubFile> files)
    {
        var snapshot = Directory.CreateDirectory(Path.Combine(Folder, "snapshots", commit)).FullName;
        foreach (var file in files)
        {
            Link(Path.Combine(snapshot, file.Name), file);
        }
        var main = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "refs")).FullName, "main");
        Replace(main, temporary => File.WriteAllText(temporary, commit));
        return snapshot;
    }

    /// <summary>The shards that an index names; null if there is no index that can be read.</summary>
    public static string[]? Shards(string index)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(index));
            return [.. json.RootElement.GetProperty("weight_map").EnumerateObject().Select(entry => entry.Value.GetString()!).Distinct().Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    private void Link(string path, HubFile file)
    {
        var blob = Path.Combine("..", "..", "blobs", file.Hash);
        if (new FileInfo(path) is { Exists: true } found && (found.LinkTarget == blob || (found.LinkTarget is null && found.Length == file.Size)))
        {
            return;
        }
        Replace(path, temporary =>
        {
            try
            {
                File.CreateSymbolicLink(temporary, blob);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
            {
                File.Copy(BlobPath(file), temporary, overwrite: true); // file systems without links
            }
        });
    }

    private static void Replace(string path, Action<string> write)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        write(temporary);
        File.Move(temporary, path, overwrite: true);
    }

    private static string FolderName(string id) => "models--" + id.Replace("/", "--", StringComparison.Ordinal);
}
