namespace Kl3m.Playground.Backends;

/// <summary>Where the cache folder is that all Hugging Face tools share, and which of its folders is which model.</summary>
internal static class HuggingFaceCache
{
    private const string Prefix = "models--";

    /// <summary>HF_HUB_CACHE, else hub/ in HF_HOME, else in ~/.cache/huggingface.</summary>
    public static string Root =>
        Variable("HF_HUB_CACHE")
        ?? Path.Combine(Variable("HF_HOME") ?? Path.Combine(Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface"), "hub");

    /// <summary>The model's id if the folder is a snapshot in a cache.</summary>
    public static string? IdOf(string folder) =>
        Directory.GetParent(folder) is { Name: "snapshots", Parent.Name: var repository } && repository.StartsWith(Prefix, StringComparison.Ordinal)
            ? repository[Prefix.Length..].Replace("--", "/", StringComparison.Ordinal)
            : null;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
