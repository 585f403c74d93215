using System.Globalization;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>A file of texts, read one after the other, a few at once; each text's numbers stay when the rest is stopped. Belongs to the circuit's thread.</summary>
internal sealed partial class FileState(ScoreState page, TimeProvider time, ILogger<FileState> logger) : IAsyncDisposable
{
    /// <summary>Texts in work at once: enough for the engine to share its steps, few enough to leave room for others.</summary>
    private const int AtOnce = 4;

    private readonly string user = Guid.NewGuid().ToString("N");
    private FileRow[] rows = [];
    private CancellationTokenSource? running;

    public event Action? Changed;

    public bool IsOpen { get; private set; }

    public bool IsRunning => running is not null;

    public string? Name { get; private set; }

    public string? Problem { get; private set; }

    public IReadOnlyList<FileRow> Rows => rows;

    public int Done => rows.Count(row => row.IsDone);

    /// <summary>How the rows that are there were read.</summary>
    public ScoringRecipe? Recipe { get; private set; }

    public string? ModelId { get; private set; }

    public string Announcement { get; private set; } = "";

    public bool CanScore => rows.Length > 0 && !IsRunning && page.GeneratorOf(0) is not null;

    public void Toggle() => Open(!IsOpen);

    public void Close()
    {
        if (IsOpen)
        {
            Open(false);
        }
    }

    public void Take(string name, byte[] bytes)
    {
        Stop();
        var read = TextFile.Read(name, bytes);
        (Name, Problem, Recipe, ModelId) = (name, read.Problem, null, null);
        rows = [.. read.Texts.Select((text, i) => new FileRow(i + 1, text))];
        Announcement = Problem ?? $"{Numbers.Of(rows.Length, "text")} in the file.";
        Changed?.Invoke();
    }

    public void Refuse(string problem)
    {
        (Name, Problem, rows, Announcement) = (null, problem, [], problem);
        Changed?.Invoke();
    }

    /// <summary>Reads what has no numbers yet; returns when all is read, or when it was stopped.</summary>
    public async Task ScoreAsync()
    {
        if (!CanScore || page.GeneratorOf(0) is not { } generator || page.Recipe?.Within(generator.Model) is not { } recipe)
        {
            return;
        }
        if (recipe != Recipe || generator.Model.Id != ModelId || Done == rows.Length)
        {
            rows = [.. rows.Select(row => new FileRow(row.Number, row.Text))];
        }
        (Recipe, ModelId) = (recipe, generator.Model.Id);
        using var cancellation = new CancellationTokenSource();
        running = cancellation;
        Announcement = "Reading the file.";
        var target = rows;
        try
        {
            var reading = Task.Run(() => Parallel.ForEachAsync(
                Enumerable.Range(0, target.Length).Where(i => !target[i].IsDone),
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation.Token },
                async (i, cancellationToken) => Volatile.Write(ref target[i], await ReadAsync(target[i], generator, recipe, cancellationToken))));
            using var timer = new PeriodicTimer(ScoreState.Tick, time);
            while (!reading.IsCompleted)
            {
                Changed?.Invoke();
                await Task.WhenAny(timer.WaitForNextTickAsync(CancellationToken.None).AsTask(), reading);
            }
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            Announcement = Done < rows.Length ? $"Stopped after {Numbers.Of(Done, "text")}." : $"Done. {Numbers.Of(Done, "text")} read.";
        }
        finally
        {
            running = null;
            Changed?.Invoke();
        }
    }

    public void Stop() => running?.Cancel();

    /// <summary>What was read so far, with the recipe in every row.</summary>
    public string Csv()
    {
        static string Number(double value, string format) => double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "";
        string[] head = ["number", "tokens", "scored_tokens", "bytes", "perplexity", "bits_per_byte", "mean_bits", "most_surprising", "most_surprising_bits", "model", "context", "stride", "behind_end", "problem", "text"];
        return CsvTable.Write(rows.Select(row => row.Score is { } score
            ? (string[])[
                $"{row.Number}", $"{score.Tokens}", $"{score.Scored}", $"{score.Bytes}", Number(score.Perplexity, "0.0000"), Number(score.BitsPerByte, "0.000000"), Number(score.Nats / Math.Log(2) / score.Scored, "0.0000"),
                score.Highest, Number(score.HighestBits, "0.00"), ModelId ?? "", $"{Recipe?.Context}", $"{Recipe?.Stride}", Recipe?.BehindEnd == true ? "yes" : "no", "", row.Text]
            : [$"{row.Number}", "", "", "", "", "", "", "", "", ModelId ?? "", "", "", "", row.Problem ?? "not read", row.Text]).Prepend(head));
    }

    public async ValueTask DisposeAsync()
    {
        Changed = null;
        if (running is { } cancellation)
        {
            await cancellation.CancelAsync();
        }
    }

    private void Open(bool open)
    {
        IsOpen = open;
        Changed?.Invoke();
    }

    private async ValueTask<FileRow> ReadAsync(FileRow row, ITextGenerator generator, ScoringRecipe recipe, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var read = await TextScorer.ScoreAsync(generator, row.Text, recipe, 0, user, time, null, cancellationToken);
                return row with { Score = Sum(read, generator) };
            }
            catch (EngineBusyException busy)
            {
                await Task.Delay(busy.RetryAfter, time, cancellationToken);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                if (error is not (InvalidRequestException or EngineFailedException))
                {
                    LogUnexpected(error);
                }
                return row with { Problem = ScoreWords.Sentence(error) };
            }
        }
    }

    private static FileScore Sum(ScoredText read, ITextGenerator generator)
    {
        var (highest, bits) = read.MostSurprising(1) is [var place] && read.Tokens[place] is var token
            ? (Visible.Name(DrawnToken.Describe(generator, token.TokenId)), (double)token.Score!.Surprisal)
            : ("", double.NaN);
        return new(read.Tokens.Count, read.Bytes, read.Surprise.Tokens, read.ScoredBytes, read.Surprise.Nats, highest, bits);
    }

    [LoggerMessage(LogLevel.Error, "A text of a file could not be read")]
    private partial void LogUnexpected(Exception error);
}
