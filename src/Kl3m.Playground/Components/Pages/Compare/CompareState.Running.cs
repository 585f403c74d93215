using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Compare;

internal sealed partial class CompareState
{
    /// <summary>Likely tokens kept at each position, so that rulers can be drawn of them.</summary>
    private const int Alternatives = 20;

    private Task? ticking;

    /// <summary>Runs all columns, started together. Returns when all have ended.</summary>
    public Task RunAllAsync() => RunAsync([.. columns]);

    /// <summary>Runs one column again, beside what the others have.</summary>
    public Task RunAsync(CompareColumn column) => RunAsync([column]);

    /// <summary>Ends every run; what was written stands.</summary>
    public void Stop() => columns.ForEach(column => column.Stop());

    private async Task RunAsync(List<CompareColumn> started)
    {
        if (model.Generator is null || started.Any(column => column.IsRunning))
        {
            return;
        }
        foreach (var column in started)
        {
            if (ProblemsOf(column) is [var problem, ..])
            {
                Announcement = $"Column {LetterOf(column)}: {problem.Sentence}";
                Changed?.Invoke();
                return;
            }
        }
        var requests = started.Select(column => (column, Generator: GeneratorOf(column)!, Request: Ask(column))).ToList();
        foreach (var (column, generator, request) in requests)
        {
            column.Start(new Run(request, generator.Model, time), generator, LogUnforeseen);
        }
        (Fork, Selected, Refused) = (Fork.Find(columns), null, []);
        Replays.Clear();
        Announcement = started.Count > 1 ? $"{started.Count} columns are writing" : $"Column {LetterOf(started[0])} is writing";
        Changed?.Invoke();
        await Follow();
    }

    private Task Follow() => ticking = ticking is { IsCompleted: false } ? ticking : ShowAsync();

    private GenerationRequest Ask(CompareColumn column) => new()
    {
        Prompt = Prompt,
        Sampling = column.Sampling with { Seed = SeedOf(columns.IndexOf(column)) },
        Alternatives = Alternatives,
        User = user,
    };

    /// <summary>Looks at all columns once a tick for as long as one is written.</summary>
    private async Task ShowAsync()
    {
        using var timer = new PeriodicTimer(Tick, time);
        var (shown, tick) = (-1L, timer.WaitForNextTickAsync().AsTask());
        do
        {
            // Those that are written here are told when they end; the teacher's are looked at.
            var isElsewhere = columns.Any(column => column is { IsRunning: false, Run.IsActive: true });
            await Task.WhenAny(tick, isElsewhere ? tick : Task.WhenAll(columns.Select(column => column.Writing ?? Task.CompletedTask)));
            tick = tick.IsCompleted ? timer.WaitForNextTickAsync().AsTask() : tick;
            var now = columns.Sum(column => (long)(column.Run?.Version ?? 0));
            if (now != shown)
            {
                shown = now;
                Fork = Fork.Find(columns);
                Ticked?.Invoke();
            }
        }
        while (columns.Any(column => column.IsRunning || column.Run is { IsActive: true }));
        Announcement = Ended();
        Changed?.Invoke();
    }

    private string Ended()
    {
        var parted = Fork is { Position: { } position } ? $" They part at token {position + 1}." : "";
        var failed = columns.Where(column => column.Run?.Status == RunStatus.Failed).Select(LetterOf).ToList();
        return columns.Any(column => column.Run?.Status == RunStatus.Stopped) ? "Stopped."
            : failed.Count > 0 ? $"Column {string.Join(", ", failed)} failed."
            : $"Done.{parted}";
    }

    [LoggerMessage(LogLevel.Error, "A generation failed unexpectedly")]
    private partial void LogUnforeseen(Exception error);
}
