using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Lessons;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Lessons;

/// <summary>
/// One visitor's way through a lesson: the step, what was done in it, and which steps are passed. The work is done on the visitor's own
/// playground, which gets back what stood on it when the lesson is left.
/// </summary>
internal sealed partial class LessonState : IDisposable
{
    private const int MostRuns = 50;

    private readonly LessonBook book;
    private readonly PlaygroundState playground;
    private readonly TimeProvider time;
    private readonly ILogger<LessonState> logger;
    private readonly HashSet<(string Lesson, int Step)> passed = [];
    private readonly List<Run> finished = [];
    private readonly List<ScoredText?> scores = [];
    private (string Prompt, SamplingParams Sampling)? stood;
    private Run? before;
    private bool showing;

    public LessonState(LessonBook book, PlaygroundState playground, TimeProvider time, ILogger<LessonState> logger)
    {
        (this.book, this.playground, this.time, this.logger) = (book, playground, time, logger);
        playground.Changed += Follow;
    }

    public event Action? Changed;

    public Lesson? Lesson { get; private set; }

    public int StepIndex { get; private set; }

    public LessonStep? Step => Lesson?.Steps[StepIndex];

    /// <summary>Why the lesson that was asked for is not there.</summary>
    public string? Error { get; private set; }

    /// <summary>What came of the last look at the check.</summary>
    public CheckResult? Result { get; private set; }

    /// <summary>The option or the number that the visitor gave.</summary>
    public double? Answer { get; private set; }

    public IReadOnlyList<ScoredText?> Scores => scores;

    public bool IsScoring { get; private set; }

    public bool IsPassed(int step) => Lesson is { } lesson && passed.Contains((lesson.Id, step));

    public bool IsPassed(Lesson lesson) => lesson.Steps.Select((step, i) => step.Check is null || passed.Contains((lesson.Id, i))).All(done => done);

    public int PassedOf(Lesson lesson) => lesson.Steps.Where((step, i) => step.Check is not null && passed.Contains((lesson.Id, i))).Count();

    /// <summary>Goes to a step and lays out what it needs. The same step again leaves everything as it is.</summary>
    public void Open(string id, int step)
    {
        var file = book.Find(id);
        var lesson = file?.Lesson;
        Error = lesson is null ? file?.Error ?? $"There is no lesson \"{id}\"." : null;
        var at = lesson is null ? 0 : Math.Clamp(step, 0, lesson.Steps.Count - 1);
        if (lesson == Lesson && at == StepIndex)
        {
            return;
        }
        (Lesson, StepIndex, Result, Answer) = (lesson, at, null, null);
        // What ran before this step does not count in it.
        before = playground.Run;
        finished.Clear();
        scores.Clear();
        if (Step is { } now)
        {
            stood ??= (playground.Prompt, playground.Sampling);
            LayOut(now);
            scores.AddRange(Enumerable.Repeat<ScoredText?>(null, now.Score?.Count ?? 0));
        }
        Changed?.Invoke();
    }

    /// <summary>Puts the step's prompt and settings there again.</summary>
    public void StartOver()
    {
        if (Step is { } step)
        {
            LayOut(step);
        }
    }

    /// <summary>The playground gets back what stood there before.</summary>
    public void Leave()
    {
        if (stood is { } was)
        {
            playground.Type(was.Prompt);
            playground.Change(_ => was.Sampling);
        }
        (stood, Lesson, StepIndex, Result) = (null, null, 0, null);
    }

    /// <summary>Shows the step's prepared run: a receipt, which needs no engine.</summary>
    public void ShowPrepared()
    {
        if (Step?.Prepared is not { } name)
        {
            return;
        }
        try
        {
            showing = true;
            playground.Show(book.Receipt(name));
            // It is looked at; it is nobody's work.
            before = playground.Run;
        }
        catch (Exception broken) when (broken is ReceiptException or IOException or UnauthorizedAccessException)
        {
            Error = $"{name}: {broken.Message}";
        }
        finally
        {
            showing = false;
            Changed?.Invoke();
        }
    }

    public void Give(double? answer)
    {
        (Answer, Result) = (answer, null);
        Changed?.Invoke();
    }

    /// <summary>Looks at the check. The prompt's tokens are counted anew: the page's own count lags behind the typing.</summary>
    public async Task LookAsync()
    {
        if (Step is not { Check: { } check } step)
        {
            return;
        }
        var tokens = IsOfPrompt(check) && playground.Generator is { } generator ? (await generator.TokenizeAsync(playground.Prompt)).Count : (int?)null;
        if (step == Step)
        {
            Judge(check, tokens);
            Changed?.Invoke();
        }
    }

    private void Judge(Check check, int? promptTokens)
    {
        Result = CheckWords.Judge(check, Bench() with { PromptTokens = promptTokens }, Answer);
        if (Result.Passed)
        {
            passed.Add((Lesson!.Id, StepIndex));
        }
    }

    private static bool IsOfPrompt(Check check) => check is MeasureCheck measure && measure.All.Any(bound => bound.Of.StartsWith("prompt_", StringComparison.Ordinal));

    /// <summary>Scores one of the step's texts as it stands now.</summary>
    public async Task ScoreAsync(int place, string text)
    {
        if (IsScoring || playground.Generator is not { } generator || place >= scores.Count)
        {
            return;
        }
        var step = Step;
        (IsScoring, Error) = (true, null);
        Changed?.Invoke();
        try
        {
            var score = await Task.Run(() => TextScorer.ScoreAsync(generator, text, ScoringRecipe.For(generator.Model), 0, "lesson", time, null, CancellationToken.None));
            if (step == Step)
            {
                scores[place] = score;
            }
        }
        catch (Exception failure)
        {
            // The edge: whatever a remote server came to grief on, the page lives on.
            Error = FailureWords.Of(failure);
            if (FailureWords.IsUnexpected(failure))
            {
                LogScoringFailed(failure);
            }
        }
        finally
        {
            IsScoring = false;
            PassIfDone();
            Changed?.Invoke();
        }
    }

    public void Dispose() => playground.Changed -= Follow;

    private void LayOut(LessonStep step)
    {
        if (step.Prompt is { } prompt)
        {
            playground.Type(prompt);
            playground.Clear();
        }
        if (step.Settings is { } settings)
        {
            playground.Change(sampling => settings.ToSampling() with { Seed = settings.Seed ?? sampling.Seed });
            playground.SetNewSeedEachTime(settings.Seed is null);
        }
    }

    private Bench Bench() =>
        new(finished, playground.Prompt, null, playground.Run?.Find(playground.Selected), [.. scores.Select(score => score?.BitsPerByte)]);

    // What was done counts at once: nobody has to ask whether it was enough.
    private void Follow()
    {
        if (!showing && playground.Run is { Status: RunStatus.Done or RunStatus.Stopped, TokenCount: > 0 } run && run != before && !finished.Contains(run))
        {
            finished.Add(run);
            if (finished.Count > MostRuns)
            {
                finished.RemoveAt(0);
            }
        }
        PassIfDone();
    }

    private void PassIfDone()
    {
        if (Step?.Check is MeasureCheck check && Result?.Passed != true && !IsOfPrompt(check) && CheckWords.Judge(check, Bench(), null).Passed)
        {
            Judge(check, null);
            Changed?.Invoke();
        }
    }

    [LoggerMessage(LogLevel.Warning, "A lesson's text could not be scored")]
    private partial void LogScoringFailed(Exception failure);
}
