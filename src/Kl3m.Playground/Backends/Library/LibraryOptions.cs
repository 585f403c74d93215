using System.ComponentModel.DataAnnotations;

namespace Kl3m.Playground.Backends.Library;

/// <summary>Section "Models": what the Models page offers, and how it unloads.</summary>
internal sealed record LibraryOptions
{
    /// <summary>Model folders, or folders that hold model folders, on this machine.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>How long generations may go on when their model is unloaded; then they are ended, and told so.</summary>
    [Range(0, 3600)]
    public int DrainSeconds { get; init; } = 30;
}
