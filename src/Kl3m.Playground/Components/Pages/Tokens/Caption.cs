namespace Kl3m.Playground.Components.Pages.Tokens;

/// <summary>What stands below each token.</summary>
public enum Caption
{
    None,
    Id,
    Bytes,

    /// <summary>Its first character and the one behind its last.</summary>
    Offsets,
}
