namespace Kl3m.Playground.Backends;

/// <summary>
/// Section "Model": which model is served. With neither, or with empty texts, the small one that comes with the app. A folder that is
/// not there is no reason not to start: the page and readiness say so.
/// </summary>
public sealed class ModelOptions
{
    /// <summary>A Hugging Face model folder on this machine; relative paths are relative to the working directory.</summary>
    public string? Path { get; set; }

    /// <summary>A hub id, such as alea-institute/kl3m-003-1.7b: from the Hugging Face cache, or downloaded into it; beside Path only the name that clients see.</summary>
    public string? Id { get; set; }

    /// <summary>Load no model here: those of remote servers are all there is.</summary>
    public bool None { get; set; }

    internal string? HubId => string.IsNullOrEmpty(Path) && !string.IsNullOrEmpty(Id) ? Id : null;
}
