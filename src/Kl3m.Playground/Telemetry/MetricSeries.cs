using System.Globalization;
using System.Text;

namespace Kl3m.Playground.Telemetry;

/// <summary>One instrument's values under one set of labels. Thread-safe.</summary>
internal abstract class MetricSeries
{
    protected Lock Gate { get; } = new();

    public abstract void Record(double value);

    /// <param name="labels">name="value" pairs, joined by commas; may be empty.</param>
    public abstract void Write(StringBuilder text, string name, string labels);

    protected static void Line(StringBuilder text, string name, string labels, double value) =>
        text.Append(name).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
}

internal sealed class SumSeries : MetricSeries
{
    private double sum;

    public override void Record(double value)
    {
        lock (Gate)
        {
            sum += value;
        }
    }

    public override void Write(StringBuilder text, string name, string labels)
    {
        lock (Gate)
        {
            Line(text, name, labels, sum);
        }
    }
}

internal sealed class LastSeries : MetricSeries
{
    private double last;

    public override void Record(double value) => Volatile.Write(ref last, value);

    public override void Write(StringBuilder text, string name, string labels) => Line(text, name, labels, Volatile.Read(ref last));
}

/// <summary>Counts at or below each bound, in seconds: from a fast token to a long generation.</summary>
internal sealed class HistogramSeries : MetricSeries
{
    private static readonly double[] Bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100];

    private readonly long[] counts = new long[Bounds.Length];
    private long count;
    private double sum;

    public override void Record(double value)
    {
        lock (Gate)
        {
            count++;
            sum += value;
            for (var i = Bounds.Length - 1; i >= 0 && value <= Bounds[i]; i--)
            {
                counts[i]++;
            }
        }
    }

    public override void Write(StringBuilder text, string name, string labels)
    {
        var comma = labels.Length > 0 ? "," : "";
        lock (Gate)
        {
            for (var i = 0; i < Bounds.Length; i++)
            {
                Line(text, $"{name}_bucket", $"{labels}{comma}le=\"{Bounds[i].ToString(CultureInfo.InvariantCulture)}\"", counts[i]);
            }
            Line(text, $"{name}_bucket", $"{labels}{comma}le=\"+Inf\"", count);
            Line(text, $"{name}_sum", labels, sum);
            Line(text, $"{name}_count", labels, count);
        }
    }
}
