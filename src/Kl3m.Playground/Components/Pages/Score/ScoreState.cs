using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>
/// What one visitor of the Score page has before them: one or two texts, what models made of them, and the token that is looked at. Lives as
/// long as the circuit. All members belong to its thread; reading runs beside it and is looked at on a tick.
/// </summary>
internal sealed partial class ScoreState(ChosenModel models, TimeProvider time, ILogger<ScoreState> logger) : IAsyncDisposable
{
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Alternatives that are kept for each token: what the panel lists.</summary>
    public const int Alternatives = 10;

    private readonly string user = Guid.NewGuid().ToString("N");
    private readonly ScoreSide[] sides = [new() { Text = SampleText.All[0].Text }, new()];
    private ScoringRecipe? recipe;
    private CancellationTokenSource? running;

    public event Action? Changed;

    public Comparison Comparison { get; private set; }

    /// <summary>One or two.</summary>
    public IReadOnlyList<ScoreSide> Sides => Comparison == Comparison.None ? sides[..1] : sides;

    /// <summary>The text is being written, not read.</summary>
    public bool IsEditing { get; private set; } = true;

    public bool IsRunning => running is not null;

    public bool CanScore => models.Generator is not null && !IsRunning;

    public SelectedReading? Selected { get; private set; }

    /// <summary>The side whose details stand beside the text.</summary>
    public int Front { get; private set; }

    public TintMode Tint { get; private set; }

    public string Announcement { get; private set; } = "";

    /// <summary>As set, right or wrong; the model's whole context, half of it apart, until it is set.</summary>
    public ScoringRecipe? Recipe => recipe ?? (GeneratorOf(0) is { } generator ? Linked(ScoringRecipe.For(generator.Model)) : null);

    public IReadOnlyList<Problem> RecipeProblems => GeneratorOf(0) is { } generator && Recipe is { } now ? [.. now.Validate(generator.Model)] : [];

    public ITextGenerator? GeneratorOf(int side) => models.Find(sides[side].ModelId) ?? models.Generator;

    /// <summary>The text of a side as its reader reads it.</summary>
    public string TextOf(int side) => Comparison == Comparison.SecondModel ? sides[0].Text : sides[side].Text;

    public void Type(int side, string text)
    {
        sides[side].Text = text;
        sides[side].Error = null;
        Changed?.Invoke();
    }

    public void Take(SampleText sample)
    {
        (sides[0].Text, sides[1].Text) = (sample.Text, sample.Second ?? sides[1].Text);
        Comparison = sample.Second is null ? Comparison.None : Comparison.SecondText;
        Edit();
    }

    public void Compare(Comparison comparison)
    {
        Comparison = comparison;
        sides[1].Result = null;
        sides[1].ModelId = comparison == Comparison.SecondModel ? models.All.FirstOrDefault(other => other.Model.Id != GeneratorOf(0)?.Model.Id)?.Model.Id : sides[0].ModelId;
        Front = 0;
        Edit();
    }

    public void ChooseModel(int side, string? id)
    {
        sides[side].ModelId = id;
        if (Comparison == Comparison.SecondText)
        {
            sides[1].ModelId = sides[0].ModelId;
        }
        Changed?.Invoke();
    }

    public void ChangeRecipe(Func<ScoringRecipe, ScoringRecipe> change)
    {
        recipe = Recipe is { } now ? change(now) : null;
        Changed?.Invoke();
    }

    /// <summary>Back to the text as it is written; its last numbers stand until it is read again.</summary>
    public void Edit()
    {
        IsEditing = true;
        Selected = null;
        Changed?.Invoke();
    }

    public void Read()
    {
        IsEditing = sides[0].Result is null;
        Changed?.Invoke();
    }

    public void TintBy(TintMode tint)
    {
        Tint = tint;
        Changed?.Invoke();
    }

    public void Show(int side)
    {
        Front = side;
        Selected = null;
        Changed?.Invoke();
    }

    public void Select(SelectedReading? token)
    {
        Selected = token;
        Front = token?.Side ?? Front;
        Changed?.Invoke();
    }

    /// <summary>Reads every text on the page. Returns when all is read; what went wrong is told at its side.</summary>
    public async Task ScoreAsync()
    {
        if (!CanScore || Recipe is not { } asked)
        {
            return;
        }
        if (RecipeProblems is [var problem, ..])
        {
            Announcement = $"{problem.Field} {problem.Message}";
            Changed?.Invoke();
            return;
        }
        using var cancellation = new CancellationTokenSource();
        running = cancellation;
        Selected = null;
        Announcement = "Reading.";
        try
        {
            var readers = Sides.Select((_, i) => GeneratorOf(i)!).ToArray();
            // What is held against each other is read the same way: as the smaller of two contexts allows.
            var common = readers.Aggregate(asked, (recipe, reader) => recipe.Within(reader.Model));
            var reading = Task.WhenAll(Sides.Select((side, i) => ReadAsync(side, TextOf(i), readers[i], common, cancellation.Token)).ToArray());
            using var timer = new PeriodicTimer(Tick, time);
            while (!reading.IsCompleted)
            {
                Changed?.Invoke();
                await Task.WhenAny(timer.WaitForNextTickAsync(CancellationToken.None).AsTask(), reading);
            }
            await reading;
            Announcement = Told(cancellation.IsCancellationRequested);
            // What was stopped was not read: older numbers are of another text, or another recipe.
            IsEditing = cancellation.IsCancellationRequested || Sides.Any(side => side.Result is null || side.Error is not null);
        }
        finally
        {
            running = null;
            Changed?.Invoke();
        }
    }

    public void Stop() => running?.Cancel();

    public async ValueTask DisposeAsync()
    {
        Changed = null;
        if (running is { } cancellation)
        {
            await cancellation.CancelAsync();
        }
    }

    private async Task ReadAsync(ScoreSide side, string text, ITextGenerator generator, ScoringRecipe common, CancellationToken cancellationToken)
    {
        (side.Error, side.IsReading) = (null, true);
        side.Report(0, 0);
        try
        {
            side.Result = await Task.Run(() => TextScorer.ScoreAsync(generator, text, common, Alternatives, user, time, side.Report, cancellationToken), cancellationToken);
            side.Reader = generator;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped by the reader, or overtaken by another text: what stood there stays.
        }
        catch (Exception error)
        {
            // The edge: whatever the engine or a remote server came to grief on stands at the text, and the page lives on.
            side.Error = error;
            side.Result = null;
            if (error is not (InvalidRequestException or EngineBusyException or EngineFailedException))
            {
                LogUnexpected(error);
            }
        }
        finally
        {
            side.IsReading = false;
        }
    }

    private string Told(bool stopped)
    {
        if (Sides.FirstOrDefault(side => side.Error is not null)?.Error is { } error)
        {
            return ScoreWords.Sentence(error);
        }
        return stopped ? "Stopped." : string.Join(' ', Sides.Select(side => side.Result).OfType<ScoredText>().Select(ScoreWords.Spoken));
    }

    [LoggerMessage(LogLevel.Error, "A text could not be read")]
    private partial void LogUnexpected(Exception error);
}

/// <summary>A token of one of the readings.</summary>
internal sealed record SelectedReading(int Side, int Index);
