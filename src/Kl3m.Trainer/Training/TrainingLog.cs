using System.Globalization;

namespace Kl3m.Trainer.Training;

/// <summary>log.csv of a run: one line for each step.</summary>
internal sealed class TrainingLog : IDisposable
{
    private const string Header = "step,tokens,loss,rate,seconds";
    private readonly StreamWriter file;

    /// <summary>Steps after the checkpoint that the run resumes from are dropped: they are about to be done again.</summary>
    public TrainingLog(string run, int step)
    {
        var kept = Read(run).Where(entry => entry.Step <= step).Select(Line).ToList();
        file = new StreamWriter(PathIn(run)) { AutoFlush = true };
        file.WriteLine(string.Join('\n', [Header, .. kept]));
    }

    /// <param name="Loss">Nats per token.</param>
    public sealed record Entry(int Step, long Tokens, double Loss, double Rate, double Seconds);

    public static IEnumerable<Entry> Read(string run) => !File.Exists(PathIn(run))
        ? []
        : File.ReadAllLines(PathIn(run)).Skip(1).Select(line => line.Split(',')).Where(fields => fields.Length == 5).Select(Parse);

    public void Write(Entry entry) => file.WriteLine(Line(entry));

    public void Dispose() => file.Dispose();

    private static Entry Parse(string[] fields)
    {
        double Number(int field) => double.Parse(fields[field], CultureInfo.InvariantCulture);
        return new((int)Number(0), (long)Number(1), Number(2), Number(3), Number(4));
    }

    private static string Line(Entry entry) => string.Create(
        CultureInfo.InvariantCulture, $"{entry.Step},{entry.Tokens},{entry.Loss:F4},{entry.Rate:G4},{entry.Seconds:F1}");

    private static string PathIn(string run) => Path.Combine(run, "log.csv");
}
