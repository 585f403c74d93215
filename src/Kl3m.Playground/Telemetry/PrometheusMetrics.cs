using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Kl3m.Inference.Engine;

namespace Kl3m.Playground.Telemetry;

/// <summary>
/// GET /metrics: what the engine, the web server and the runtime measure, in Prometheus' text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/), with OpenTelemetry's names turned into Prometheus' as its
/// compatibility rules say: dots become underscores, the unit is appended, counters end in _total.
/// </summary>
internal sealed class PrometheusMetrics : IDisposable
{
    private static readonly string[] Meters = [EngineMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Components.Server.Circuits", "System.Runtime"];

    private readonly ConcurrentDictionary<(Instrument Instrument, string Labels), MetricSeries> series = [];
    private readonly MeterListener listener = new();

    public PrometheusMetrics()
    {
        listener.InstrumentPublished = (instrument, meters) =>
        {
            if (Meters.Contains(instrument.Meter.Name))
            {
                meters.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Record(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Record(instrument, value, tags));
        // A meter that is gone (a model that was replaced) leaves no stale gauges behind.
        listener.MeasurementsCompleted = (instrument, _) =>
        {
            foreach (var key in series.Keys.Where(key => key.Instrument == instrument && instrument.IsObservable))
            {
                series.TryRemove(key, out var _);
            }
        };
        listener.Start();
    }

    public string Write()
    {
        listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var family in series.GroupBy(pair => NameOf(pair.Key.Instrument)).OrderBy(family => family.Key, StringComparer.Ordinal))
        {
            var instrument = family.First().Key.Instrument;
            text.Append(CultureInfo.InvariantCulture, $"# HELP {family.Key} {Escaped(instrument.Description ?? "")}\n# TYPE {family.Key} {TypeOf(instrument)}\n");
            foreach (var ((_, labels), value) in family.OrderBy(pair => pair.Key.Labels, StringComparer.Ordinal))
            {
                value.Write(text, family.Key, labels);
            }
        }
        return text.ToString();
    }

    public void Dispose() => listener.Dispose();

    private void Record(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        series.GetOrAdd((instrument, LabelsOf(tags)), static key => TypeOf(key.Instrument) switch
        {
            "histogram" => new HistogramSeries(),
            "counter" when !key.Instrument.IsObservable => new SumSeries(),
            _ => key.Instrument.IsObservable ? new LastSeries() : new SumSeries(), // an up-down counter adds up to a gauge
        }).Record(value);

    private static string TypeOf(Instrument instrument) => instrument switch
    {
        Histogram<double> or Histogram<long> or Histogram<int> => "histogram",
        Counter<double> or Counter<long> or Counter<int> or ObservableCounter<double> or ObservableCounter<long> or ObservableCounter<int> => "counter",
        _ => "gauge",
    };

    private static string NameOf(Instrument instrument) =>
        Underscored(instrument.Name) + (instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" }) + (TypeOf(instrument) == "counter" ? "_total" : "");

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new StringBuilder();
        foreach (var (name, value) in tags)
        {
            labels.Append(labels.Length > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $"{Underscored(name)}=\"{Escaped(value?.ToString() ?? "")}\"");
        }
        return labels.ToString();
    }

    private static string Underscored(string name) => name.Replace('.', '_');

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
