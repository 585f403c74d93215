using System.Security.Cryptography;

namespace Kl3m.Inference.Weights;

/// <summary>What a model folder's files are, beyond their names: two models with the same hashes write the same text.</summary>
internal static class ModelFileHashes
{
    /// <summary>SHA-256 of config.json, tokenizer.json and the safetensors, hexadecimal, by name.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ComputeAsync(string folder, CancellationToken cancellationToken)
    {
        var hashes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var weights = Directory.EnumerateFiles(folder, "*.safetensors");
        foreach (var path in weights.Prepend(Path.Combine(folder, "tokenizer.json")).Prepend(Path.Combine(folder, "config.json")))
        {
            await using var file = File.OpenRead(path);
            hashes[Path.GetFileName(path)] = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
        }
        return hashes;
    }
}
