namespace Kl3m.Trainer.Training;

/// <summary>Prints a line every so many steps, with means over the steps since the last.</summary>
internal sealed class Progress(int batchTokens, Action<string> print)
{
    private const int Every = 20;
    private readonly Queue<double> _recent = new();
    private double _loss;
    private int _steps;

    /// <summary>Over the last steps; 0 before the first.</summary>
    public double SecondsPerStep => _recent.Count == 0 ? 0 : _recent.Average();

    public void Add(RunState state, double loss, double factor, double seconds, TimeSpan? left)
    {
        _recent.Enqueue(seconds);
        if (_recent.Count > Every)
        {
            _recent.Dequeue();
        }
        _loss += loss;
        _steps++;
        if (state.Step % Every == 0 || state.Step == state.Schedule.End || state.Step == 1)
        {
            var (speed, end) = (batchTokens / SecondsPerStep, left?.ToString(@"h\:mm\:ss") ?? "until stopped");
            print(FormattableString.Invariant(
                $"step {state.Step}  loss {_loss / _steps:F3}  rate {factor:F2}  {speed:F0} tokens/s  left {end}"));
            (_loss, _steps) = (0, 0);
        }
    }
}
