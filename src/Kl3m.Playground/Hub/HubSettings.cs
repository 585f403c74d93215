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

    /// <exception cref="HubException">HF_ENDPOINT is no address.</exception>
    public static HubSettings FromEnvironment()
    {
        var endpoint = Environment.GetEnvironmentVariable("HF_ENDPOINT") is { Length: > 0 } named ? named : Public;
        return new(
            Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? uri
                : throw new HubException($"HF_ENDPOINT is '{endpoint}', which is no http or https address."),
            HuggingFaceCache.Root,
            Environment.GetEnvironmentVariable("HF_TOKEN")?.Trim() is { Length: > 0 } token ? token : null,
            Environment.GetEnvironmentVariable("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE");
    }

    public override string ToString() => $"{Endpoint} -> {CacheRoot}"; // never the token
}
