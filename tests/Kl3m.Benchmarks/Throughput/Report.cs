using System.Globalization;
using System.Text.Json;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>A table for people and the same as JSON: best and median of the rounds, and how they compare.</summary>
internal sealed class Report(Settings settings, GptNeoXConfig config, ModelRunner runner, int threads)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The name of the processor, and how many of its cores this process may use.</summary>
    private static string Machine => $"{ProcessorName()}, {Environment.ProcessorCount} cores";

    /// <summary>Bytes of weights that one step reads: all but the embedding, of which it takes a few rows.</summary>
    private double BytesPerStep => (config.ParameterCount - (config.TieWordEmbeddings ? 0 : (long)config.VocabSize * config.HiddenSize)) * runner.BytesPerWeight;

    public void Begin() => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{settings.Name}: {config.ParameterCount / 1e6:0.0} M parameters, {runner.Dtype} on {runner.Device}, {threads} threads; {Machine}"));

    public void End(Figures figures)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"",-18} {"by",-28} {"best",10} {"median",10} unit       {"against here (median of rounds)"}"));
        foreach (var figure in figures.All.GroupBy(figure => figure.Name).SelectMany(group => group))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{figure.Name,-18} {figure.By,-28} {figure.Best,10:0.0} {figure.Median,10:0.0} {figure.Unit,-10} {(Ratio(figures, figure) is { } ratio ? $"{ratio:0.00} x" : "")}"));
        }
        if (Share(figures) is { } share)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"weights are read at {share:P0} of the measured bandwidth at batch 1"));
        }
        if (settings.Out is { } file)
        {
            File.WriteAllText(file, JsonSerializer.Serialize(Document(figures), Indented) + "\n");
        }
    }

    /// <summary>How many times as fast this engine was, in the same round.</summary>
    private static double? Ratio(Figures figures, Figure other)
    {
        if (other.By == Figures.Ours || figures.Find(other.Name) is not { } ours)
        {
            return null;
        }
        var ratios = ours.Rounds.Zip(other.Rounds, (mine, theirs) => mine / theirs).Order().ToArray();
        return (ratios[(ratios.Length - 1) / 2] + ratios[ratios.Length / 2]) / 2;
    }

    private double? Share(Figures figures) =>
        figures.Find("read bandwidth", "machine") is { } bandwidth && figures.Find("decode 1") is { } decode ? decode.Best * BytesPerStep / 1e9 / bandwidth.Best : null;

    private object Document(Figures figures) => new
    {
        date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        machine = Machine,
        model = settings.Name,
        parameters = config.ParameterCount,
        dtype = runner.Dtype,
        device = runner.Device,
        threads,
        context = settings.Context,
        steps = settings.Steps,
        shareOfBandwidth = Share(figures) is { } share ? Math.Round(share, 3) : (double?)null,
        figures = figures.All.Select(figure => new
        {
            figure.Name,
            figure.By,
            figure.Unit,
            best = Math.Round(figure.Best, 2),
            median = Math.Round(figure.Median, 2),
            rounds = figure.Rounds.Select(value => Math.Round(value, 2)),
            againstHere = Ratio(figures, figure) is { } ratio ? Math.Round(ratio, 3) : (double?)null,
        }),
    };

    private static string ProcessorName()
    {
        const string Source = "/proc/cpuinfo";
        var line = File.Exists(Source) ? File.ReadLines(Source).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? "unknown processor";
    }
}
