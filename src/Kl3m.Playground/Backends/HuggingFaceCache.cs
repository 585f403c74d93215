namespace Kl3m.Playground.Backends;

/// <summary>The cache folder that all Hugging Face tools share: models--org--name/{refs,snapshots/commit}.</summary>
internal static class HuggingFaceCache
{
    private const string Prefix = "models--";

    /// <summary>HF_HUB_CACHE, else hub/ in HF_HOME, else in ~/.cache/huggingface.</summary>
    public static string Root =>
        Variable("HF_HUB_CACHE")
        ?? Path.Combine(Variable("HF_HOME") ?? Path.Combine(Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface"), "hub");

    /// <summary>The folder of a model's main revision; null if it was never downloaded.</summary>
    public static string? Find(string id)
    {
        if (id.Split('/') is not { Length: 1 or 2 } parts || parts.Any(part => part is "" or "." or ".."))
        {
            return null;
        }
        var repository = Path.Combine(Root, Prefix + string.Join("--", parts));
        var main = Path.Combine(repository, "refs", "main");
        if (!File.Exists(main))
        {
            return null;
        }
        var snapshot = Path.Combine(repository, "snapshots", File.ReadAllText(main).Trim());
        return Directory.Exists(snapshot) ? snapshot : null;
    }

    /// <summary>The model's id if the folder is a snapshot in a cache.</summary>
    public static string? IdOf(string folder) =>
        Directory.GetParent(folder) is { Name: "snapshots", Parent.Name: var repository } && repository.StartsWith(Prefix, StringComparison.Ordinal)
            ? repository[Prefix.Length..].Replace("--", "/", StringComparison.Ordinal)
            : null;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
