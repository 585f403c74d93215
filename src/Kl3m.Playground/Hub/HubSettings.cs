using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Hub;

/// <summary>The environment variables that all Hugging Face tools read.</summary>
/// <param name="Endpoint">HF_ENDPOINT: a mirror.</param>
/// <param name="CacheRoot">HF_HUB_CACHE, else hub/ in HF_HOME, else the user's.</param>
/// <param name="Token">HF_TOKEN: for gated and private models.</param>
/// <param name="Offline">HF_HUB_OFFLINE: only the cache.</param>
internal sealed record HubSettings(Uri Endpoint, string CacheRoot, string? Token = null, bool Offline = false)
{
    private const string Public = "https://huggingface.co";

    /// <summary>Why the hub can't be asked; the cache can be used all the same.</summary>
    public string? Mistake { get; init; }

    public static HubSettings FromEnvironment()
    {
        var endpoint = Environment.GetEnvironmentVariable("HF_ENDPOINT") is { Length: > 0 } named ? named : Public;
        var isAddress = Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";
        return new(
            isAddress ? uri! : new(Public + "/"),
            Path.GetFullPath(HuggingFaceCache.Root),
            Environment.GetEnvironmentVariable("HF_TOKEN")?.Trim() is { Length: > 0 } token ? token : null,
            Environment.GetEnvironmentVariable("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE")
        {
            Mistake = isAddress ? null : $"HF_ENDPOINT is '{endpoint}', which is no http or https address.",
        };
    }

    public override string ToString() => $"{Endpoint} -> {CacheRoot}"; // never the token
}
