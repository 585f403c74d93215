namespace Kl3m.Trainer.Training;

/// <summary>Prints a line every so many steps, with means over the steps since the last.</summary>
internal sealed class Progress(int batchTokens, Action<string> print)
{
    private const int Every = 20;
    private readonly Queue<double> recent = new();
    private double loss;
    private int steps;

    /// <summary>Over the last steps; 0 before the first.</summary>
    public double SecondsPerStep => recent.Count == 0 ? 0 : recent.Average();

    public void Add(RunState state, double loss, double factor, double seconds, TimeSpan? left)
    {
        recent.Enqueue(seconds);
        if (recent.Count > Every)
        {
            recent.Dequeue();
        }
        this.loss += loss;
        steps++;
        if (state.Step % Every == 0 || state.Step == state.Schedule.End || state.Step == 1)
        {
            var (speed, end) = (batchTokens / SecondsPerStep, left?.ToString(@"h\:mm\:ss") ?? "until stopped");
            print(FormattableString.Invariant(
                $"step {state.Step}  loss {this.loss / steps:F3}  rate {factor:F2}  {speed:F0} tokens/s  left {end}"));
            (this.loss, steps) = (0, 0);
        }
    }
}
