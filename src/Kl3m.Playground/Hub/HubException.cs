namespace Kl3m.Playground.Hub;

/// <summary>Why a model could not be downloaded, for people.</summary>
internal sealed class HubException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Asking again may help: the line broke, or the server is busy.</summary>
    public bool Transient { get; init; }

    /// <summary>Nothing can be written any more.</summary>
    public bool DiskFull { get; init; }

    /// <summary>How long the server asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
