namespace Kl3m.Playground.Components.Shared;

/// <summary>What the five tints stand for.</summary>
public enum TintMode
{
    /// <summary>Bins of raw probability.</summary>
    Surprisal,

    /// <summary>Bands of rank.</summary>
    Rank,

    /// <summary>Bins of the token's share of the most likely one's.</summary>
    Relative,
}
