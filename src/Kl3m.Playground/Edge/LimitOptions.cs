using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>Section "Limits": what one client (an API key, an IPv4 address or an IPv6 /64) may ask of the app. A class behind one router is one client.</summary>
internal sealed class LimitOptions
{
    /// <summary>Requests to the API and the hub that a client may start in a minute; a sixth of them may come at once.</summary>
    [Range(1, 1_000_000)]
    public int ApiPerMinute { get; set; } = 600;

    /// <summary>Requests to the API and the hub that a client may have running.</summary>
    [Range(1, 100_000)]
    public int ApiAtOnce { get; set; } = 64;

    /// <summary>Pages that a client may open in a minute.</summary>
    [Range(1, 1_000_000)]
    public int PagesPerMinute { get; set; } = 600;

    /// <summary>Open pages of all clients together; each holds its state in memory.</summary>
    [Range(1, 1_000_000)]
    public int Circuits { get; set; } = 500;

    /// <summary>Wrong codes that a client may send in a minute.</summary>
    [Range(1, 1000)]
    public int WrongCodesPerMinute { get; set; } = 10;
}

[OptionsValidator]
internal sealed partial class LimitOptionsValidator : IValidateOptions<LimitOptions>;
