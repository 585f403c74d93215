namespace Kl3m.Playground.Backends.Library;

/// <summary>Whether a model fits beside what is there; all in bytes.</summary>
/// <param name="Total">Of the device.</param>
/// <param name="Others">Used by other programs.</param>
/// <param name="Loaded">Weights and caches of the models that are loaded, at their fullest.</param>
/// <param name="Weights">Of this model.</param>
/// <param name="Cache">Room for its keys and values.</param>
/// <param name="CacheBytesPerToken">Of this model.</param>
public sealed record MemoryFit(long Total, long Others, long Loaded, long Weights, long Cache, long CacheBytesPerToken)
{
    private const long LeastTokens = 256;

    /// <summary>For the app itself and for what can't be foreseen: a thirty-second of the device, and 256 MB at least.</summary>
    public long Kept => Math.Max(256L << 20, Total / 32);

    public long Free => Math.Max(0, Total - Kept - Others - Loaded);

    public bool Fits => Weights + Cache <= Free;

    /// <summary>What is lacking; 0 where it fits.</summary>
    public long Excess => Math.Max(0, Weights + Cache - Free);

    public long CacheTokens => CacheBytesPerToken > 0 ? Cache / CacheBytesPerToken : 0;

    /// <summary>The tokens that there is room for beside the weights, as a round number; null where it is too few to be of use.</summary>
    public long? FittingTokens => CacheBytesPerToken > 0 && (Free - Weights) / CacheBytesPerToken is >= LeastTokens and var tokens ? Math.Min(Round(tokens), CacheTokens) : null;

    private static long Round(long tokens) => tokens >= 10_000 ? tokens / 1000 * 1000 : tokens >= 1000 ? tokens / 100 * 100 : tokens / 32 * 32;
}
