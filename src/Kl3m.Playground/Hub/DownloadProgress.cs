using System.Globalization;

namespace Kl3m.Playground.Hub;

/// <summary>How far a download is.</summary>
/// <param name="Bytes">What is there of the files, fetched now or before.</param>
/// <param name="Total">Bytes of all files; 0 while the hub has not told them.</param>
/// <param name="BytesPerSecond">Over the last seconds; null while too little was seen.</param>
public sealed record DownloadProgress(long Bytes, long Total, double? BytesPerSecond)
{
    /// <summary>0 to 1.</summary>
    public double Share => Total > 0 ? (double)Bytes / Total : 0;

    /// <summary>How long it will take at this rate; null where there is none.</summary>
    public TimeSpan? Remaining =>
        Bytes < Total && BytesPerSecond is > 0 and var rate && (Total - Bytes) / rate is < 360_000 and var seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>12% (0.84 of 6.98 GB, 45 MB/s, 2 min 17 s left). Never 100% before the end.</summary>
    public override string ToString() => Total == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(Share * 100):0}% ({Amount()}")
            + BytesPerSecond switch { null => "", 0 => ", standing still", { } rate => $", {Size(rate)}/s" }
            + (Remaining is { } left ? $", {Length(left)} left)" : ")");

    /// <summary>Decimal units, as the hub and disks count.</summary>
    internal static string Size(double bytes) => bytes switch
    {
        >= 999.5e6 => (bytes / 1e9).ToString("0.00", CultureInfo.InvariantCulture) + " GB",
        >= 999.5e3 => (bytes / 1e6).ToString(bytes < 9.95e6 ? "0.0" : "0", CultureInfo.InvariantCulture) + " MB",
        _ => (bytes / 1e3).ToString("0", CultureInfo.InvariantCulture) + " kB",
    };

    private string Amount() => Total >= 999.5e6
        ? string.Create(CultureInfo.InvariantCulture, $"{Bytes / 1e9:0.00} of {Size(Total)}")
        : $"{Size(Bytes)} of {Size(Total)}";

    internal static string Length(TimeSpan left) => left switch
    {
        { TotalSeconds: < 59.5 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(left.TotalSeconds):0} s"),
        { TotalMinutes: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{left.Minutes} min {left.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(left.TotalHours):0} h {left.Minutes} min"),
    };
}
