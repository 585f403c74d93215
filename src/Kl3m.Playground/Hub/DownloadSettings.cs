namespace Kl3m.Playground.Hub;

/// <summary>How files come; what tests make smaller, or full.</summary>
internal sealed record DownloadSettings
{
    /// <summary>What one connection fetches at a time of a large file.</summary>
    public int PieceBytes { get; init; } = ReadAhead.UsualPieceBytes;

    /// <summary>Opens a half file. No buffer of its own: what was counted is in the file, whenever the process ends.</summary>
    public Func<string, FileStream> Open { get; init; } = path => new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
}
