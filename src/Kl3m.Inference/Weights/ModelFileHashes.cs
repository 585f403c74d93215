using System.Security.Cryptography;

namespace Kl3m.Inference.Weights;

/// <summary>What a model folder's files are, beyond their names: SHA-256, hexadecimal, by name. Two models with the same hashes write the same text.</summary>
internal static class ModelFileHashes
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Of config.json and tokenizer.json.</summary>
    public static IReadOnlyDictionary<string, string> OfDescription(string folder) => Of(["config.json", "tokenizer.json"], folder);

    /// <summary>Of the safetensors; a second for each gigabyte or two.</summary>
    public static IReadOnlyDictionary<string, string> OfWeights(string folder) => Of(Weights(folder), folder);

    public static long WeightBytes(string folder) => Weights(folder).Sum(name => new FileInfo(Path.Combine(folder, name)).Length);

    private static IEnumerable<string> Weights(string folder) => Directory.EnumerateFiles(folder, "*.safetensors").Select(path => Path.GetFileName(path));

    private static SortedDictionary<string, string> Of(IEnumerable<string> names, string folder)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            using var file = new FileStream(Path.Combine(folder, name), FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
            hashes[name] = Convert.ToHexStringLower(SHA256.HashData(file));
        }
        return hashes;
    }
}
