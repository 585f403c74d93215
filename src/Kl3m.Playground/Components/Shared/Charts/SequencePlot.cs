using System.Globalization;
using System.Text;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared.Charts;

/// <summary>
/// Surprisal upwards and entropy downwards along a sequence, on one scale of bits. Across, one unit is one bar; a long sequence is drawn
/// by stretches of tokens, each as high as its highest.
/// </summary>
internal sealed class SequencePlot
{
    /// <summary>More bars than this cannot be told apart.</summary>
    public const int MostBars = 1200;

    /// <summary>A short sequence does not get bars as broad as buttons.</summary>
    private const int LeastWidth = 24;

    private const double BarShare = 0.78;

    private static readonly double[] Borders = [Math.Log2(10), Math.Log2(100), Math.Log2(1000)];

    /// <param name="leastTop">Bits that the scale reaches at least: charts that are held against each other have one scale.</param>
    public SequencePlot(IReadOnlyList<SequencePoint> points, double leastTop = 4)
    {
        Points = points;
        PerBar = Math.Max(1, (points.Count + MostBars - 1) / MostBars);
        var bars = points.Chunk(PerBar).ToArray();
        Width = Math.Max(LeastWidth, bars.Length);
        Top = Math.Max(leastTop, Math.Ceiling(points.Max(point => point.Surprisal) ?? 0));
        Bottom = Math.Ceiling(points.Max(point => point.Entropy) ?? 0);
        Up = [.. Enumerable.Range(1, Surprise.Bins).Select(bin => Path(bars, bar => bar.Max(point => point.Surprisal) is { } bits && Bin(bits) == bin ? bits : null, up: true))];
        Down = Path(bars, bar => bar.Average(point => point.Entropy), up: false);
        Peaks = FindPeaks();
    }

    public IReadOnlyList<SequencePoint> Points { get; }

    public int PerBar { get; }

    public int Width { get; }

    /// <summary>The scale's ends, bits.</summary>
    public double Top { get; }

    public double Bottom { get; }

    /// <summary>SVG paths of the bars by bin, first the most expected, in bars across and bits down from the top.</summary>
    public IReadOnlyList<string> Up { get; }

    /// <summary>The entropy's path: the mean of each bar's tokens.</summary>
    public string Down { get; }

    /// <summary>The bars that get their names: the highest that stand far enough apart.</summary>
    public IReadOnlyList<Peak> Peaks { get; }

    /// <summary>The lines: zero, the borders of the bins, and the top.</summary>
    public IEnumerable<double> Lines => [0, .. Borders.Where(border => border < Top - 1), Top];

    /// <summary>A place across, 0 to 1, as a token; null beside the bars.</summary>
    public int? At(double share) => share is >= 0 and <= 1 && (int)(share * Width) * PerBar is var index && index < Points.Count
        ? Enumerable.Range(index, Math.Min(PerBar, Points.Count - index)).MaxBy(i => Points[i].Surprisal ?? -1)
        : null;

    private static int Bin(double bits) => Surprise.Bin((float)(-bits * Math.Log(2)));

    private string Path(SequencePoint[][] bars, Func<SequencePoint[], double?> height, bool up)
    {
        var path = new StringBuilder();
        for (var i = 0; i < bars.Length; i++)
        {
            if (height(bars[i]) is > 0 and var bits)
            {
                path.Append(CultureInfo.InvariantCulture, $"M{i + (1 - BarShare) / 2:0.##} {Top:0.###}v{(up ? -bits : bits):0.###}h{BarShare}v{(up ? bits : -bits):0.###}z");
            }
        }
        return path.ToString();
    }

    private List<Peak> FindPeaks()
    {
        const int Most = 5;
        const double Apart = 0.17;
        var peaks = new List<Peak>();
        foreach (var i in Enumerable.Range(0, Points.Count).Where(i => Points[i].Surprisal > Borders[0]).OrderByDescending(i => Points[i].Surprisal))
        {
            var across = (i / PerBar + 0.5) / Width;
            if (peaks.Count == Most)
            {
                break;
            }
            if (peaks.TrueForAll(peak => Math.Abs(peak.Across - across) >= Apart))
            {
                peaks.Add(new(i, across, Points[i].Surprisal!.Value));
            }
        }
        return peaks;
    }
}

/// <param name="Across">The bar's middle, of the width, 0 to 1.</param>
internal readonly record struct Peak(int Index, double Across, double Bits);
