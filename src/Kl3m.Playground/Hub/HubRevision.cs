using System.Text.Json;

namespace Kl3m.Playground.Hub;

/// <summary>A commit of a model's repository and the files in it, as the hub's model info tells them.</summary>
/// <param name="Files">By name; a file's size and hash are null where the server (a mirror, say) does not tell them here.</param>
internal sealed record HubRevision(string Commit, IReadOnlyDictionary<string, (long? Size, string? Hash)> Files)
{
    private const string SingleFile = "model.safetensors";
    public const string IndexFile = "model.safetensors.index.json";
    private static readonly string[] Small = ["config.json", "generation_config.json", "tokenizer.json", IndexFile, "README.md"];

    /// <exception cref="HubException">It is no such document, or names a file outside of its folder.</exception>
    public static HubRevision Parse(string id, ReadOnlyMemory<byte> json)
    {
        try
        {
            using var info = JsonDocument.Parse(json);
            var commit = info.RootElement.GetProperty("sha").GetString();
            if (!HubFile.IsHash(commit))
            {
                throw new HubException($"The hub names no commit for {id}.");
            }
            var files = new Dictionary<string, (long?, string?)>(StringComparer.Ordinal);
            foreach (var sibling in info.RootElement.GetProperty("siblings").EnumerateArray())
            {
                var name = sibling.GetProperty("rfilename").GetString() ?? "";
                if (!HubFile.IsSafe(name))
                {
                    throw new HubException($"Refused: the file list of {id} names '{name}', which leads out of the model's folder.");
                }
                files[name] = Described(sibling);
            }
            return new(commit!, files);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new HubException($"The hub's answer about {id} is not the model info that was asked for.", exception);
        }
    }

    /// <summary>What the app reads of a model: never pickles, other frameworks' weights, or subfolders.</summary>
    public IEnumerable<string> SmallFiles =>
        Small.Where(name => Files.ContainsKey(name) && (name != IndexFile || !Files.ContainsKey(SingleFile)));

    /// <summary>One file before shards, as the loader takes them.</summary>
    public IEnumerable<string> WeightFiles => Files.ContainsKey(SingleFile)
        ? [SingleFile]
        : Files.Keys.Where(name => name.EndsWith(".safetensors", StringComparison.Ordinal) && !name.Contains('/', StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static (long?, string?) Described(JsonElement sibling)
    {
        var large = sibling.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
        var size = (large && lfs.TryGetProperty("size", out var inner) ? inner : Field(sibling, "size")) is { ValueKind: JsonValueKind.Number } number
            ? number.GetInt64() : (long?)null;
        var hash = (large ? Field(lfs, "sha256") : Field(sibling, "blobId")) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        return (size is >= 0 ? size : null, HubFile.IsHash(hash) ? hash : null);
    }

    private static JsonElement Field(JsonElement parent, string name) => parent.TryGetProperty(name, out var field) ? field : default;
}
