namespace Kl3m.Playground.Edge;

/// <summary>Section "Edge": what stands before the app.</summary>
internal sealed class EdgeOptions
{
    /// <summary>
    /// Addresses (10.0.0.7) and networks (10.0.0.0/8) of reverse proxies whose X-Forwarded headers are believed, besides this machine's own
    /// loopback addresses.
    /// </summary>
    public IReadOnlyList<string> KnownProxies { get; set; } = [];

    /// <summary>Pages of other hosts that may call the API and the hubs from a browser, such as https://course.example.edu.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; set; } = [];
}

/// <summary>Section "Access": who may use the playground at all.</summary>
internal sealed class AccessOptions
{
    /// <summary>Asked for once per browser; empty asks nobody.</summary>
    public string? Code { get; set; }

    /// <summary>It is meant to be open to all who reach it, or something before it authenticates: no warning.</summary>
    public bool Open { get; set; }

    /// <summary>How long a browser that gave the code is remembered.</summary>
    public TimeSpan Remember { get; set; } = TimeSpan.FromHours(12);
}

/// <summary>Section "Api": the HTTP API and the hub.</summary>
internal sealed class ApiOptions
{
    /// <summary>Any of these must be sent as <c>Authorization: Bearer</c>; none asks for none.</summary>
    public IReadOnlyList<string> Keys { get; set; } = [];
}
