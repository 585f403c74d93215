namespace Kl3m.Benchmarks.Throughput;

/// <summary>What was measured, once per round.</summary>
/// <param name="Name">What ran and on what: <c>decode 8</c>, <c>prefill 512</c>.</param>
/// <param name="By">Whose it is: this engine, or a peer.</param>
/// <param name="Unit"><c>tokens/s</c>, <c>ms</c>, <c>GB/s</c>.</param>
internal sealed record Figure(string Name, string By, string Unit)
{
    public List<double> Rounds { get; } = [];

    /// <summary>What it comes to where nothing disturbs: the highest rate, or the shortest time.</summary>
    public double Best => Unit == "ms" ? Rounds.Min() : Rounds.Max();

    public double Median
    {
        get
        {
            var sorted = Rounds.Order().ToArray();
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }
}

/// <summary>All figures of a run, in the order in which they first came.</summary>
internal sealed class Figures
{
    /// <summary>What everything is compared with.</summary>
    public const string Ours = "here";

    private readonly List<Figure> all = [];

    public IReadOnlyList<Figure> All => all;

    public Figure? Find(string name, string by = Ours) => all.Find(figure => figure.Name == name && figure.By == by);

    public void Add(string name, string unit, double value, string by = Ours)
    {
        var figure = Find(name, by);
        if (figure is null)
        {
            all.Add(figure = new(name, by, unit));
        }
        figure.Rounds.Add(value);
    }
}
