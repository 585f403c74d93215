using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>
/// One position of a run on the workbench: its logits, the settings that are tried on them, and what the sampler makes of both. Never touches the
/// run. Lives as long as the visitor's circuit; all members belong to the circuit's thread, the work itself runs beside it.
/// </summary>
internal sealed partial class LabState(ChosenModel chosen, RunStore runs, TimeProvider time, ILogger<LabState> logger) : IDisposable
{
    /// <summary>Stops of a slider that come within so much of each other are one movement.</summary>
    public static readonly TimeSpan OneSlide = TimeSpan.FromMilliseconds(300);

    private readonly string user = Guid.NewGuid().ToString("N");
    private StripPlace? place;
    private Sampler? sampler;
    private CancellationTokenSource? reading;
    private bool working;
    private bool stale;

    public event Action? Changed;

    public Run? Run { get; private set; }

    /// <summary>Which of the run's tokens; one behind the last is the place that the next one would take.</summary>
    public SelectedToken? Place { get; private set; }

    /// <summary>What is tried: as set, right or wrong.</summary>
    // A seed whose first dart falls on a whole word behind the first prompt, and not on the likeliest.
    public SamplingParams Settings { get; private set; } = new() { Temperature = 0.5f, TopK = 50, Seed = 2 };

    /// <summary>What the run's token was drawn with.</summary>
    public SamplingParams RunSettings => Run is { } run && Place is { } at ? run.RequestAt(at).Sampling : Settings;

    public bool IsAsTheRun => SameRules(Settings, RunSettings);

    public Settings Knobs => knobs ??= new(Generator?.Model.VocabularySize ?? 32_768, Generator?.Model.ContextLength ?? 8_192);
    private Settings? knobs;

    /// <summary>The settings' mistakes, each at its field; while there are some, the strip keeps its last good state.</summary>
    public IReadOnlyList<FieldProblem> Problems => [.. SamplingProblems.Find(Settings, Knobs, null, null)];

    public SamplerStrip? Strip { get; private set; }

    /// <summary>The token to follow; null follows the run's own.</summary>
    public int? Traced { get; private set; }

    public bool IsReading => reading is not null;

    public bool IsRecomputed => place?.Logits.Recomputed == true;

    /// <summary>How many of the likeliest tokens are known at this place, where the model runs on a server that tells no more; null where all are.</summary>
    public int? Told => Strip is { Place.Logits: { Told: not null, Likeliest: var likeliest } } ? likeliest : null;

    /// <summary>Why there is no strip, or none for these settings, or why nothing more was read.</summary>
    public string? Notice
    {
        get;
        private set => (field, IsOfSettings) = (value, false);
    }

    /// <summary>The notice tells of the settings on the bench.</summary>
    public bool IsOfSettings { get; private set; }

    /// <summary>The model that the run was written with; null while it is not loaded.</summary>
    public ITextGenerator? Generator => Run is { } run ? Of(run) : chosen.Generator;

    /// <summary>Names the tokens on the bench, also when its model was unloaded meanwhile; null where it never was here.</summary>
    public ITextGenerator? Writer => Generator ?? (writer?.Run == Run ? writer?.Generator : null);
    private (Run? Run, ITextGenerator Generator)? writer;

    private ITextGenerator? Of(Run run) => chosen.WriterOf(run.Model);

    /// <summary>Puts a token of a run on the bench, with the settings that it was drawn with.</summary>
    public Task OpenAsync(Run run, SelectedToken at)
    {
        (Run, Place, knobs) = (run, at, null);
        Settings = RunSettings with { Seed = run.Seed };
        return ReadAsync();
    }

    /// <summary>To another position; behind the last token the model is asked for one more.</summary>
    public async Task MoveAsync(int step)
    {
        if (Run is not { } run || Place is not { } at || IsReading)
        {
            return;
        }
        var next = at with { Position = at.Position + step };
        if (next.Position == run.Sequences[at.Sequence].Tokens.Count)
        {
            await WriteOneMoreAsync(run, at.Sequence);
        }
        else if (run.Find(next) is not null)
        {
            await GoAsync(next);
        }
    }

    /// <summary>To a position of the same run; settings that were changed stay on the bench.</summary>
    public Task GoAsync(SelectedToken next)
    {
        var follow = IsAsTheRun;
        Place = next;
        if (follow)
        {
            Settings = RunSettings with { Seed = Run!.Seed };
        }
        return ReadAsync();
    }

    /// <summary>A slider is on its way: what follows it goes with it, and glides nowhere by itself.</summary>
    public bool IsSliding { get; private set; }
    private long lastSlide;

    public Task ChangeAsync(Func<SamplingParams, SamplingParams> change)
    {
        IsSliding = false;
        Settings = change(Settings);
        return WorkAsync();
    }

    public Task SlideAsync(Func<SamplingParams, SamplingParams> change)
    {
        IsSliding = lastSlide != 0 && time.GetElapsedTime(lastSlide) < OneSlide;
        lastSlide = time.GetTimestamp();
        Settings = change(Settings);
        return WorkAsync();
    }

    public Task ResetAsync() => ChangeAsync(_ => RunSettings with { Seed = Run?.Seed ?? Settings.Seed });

    public Task TraceAsync(int tokenId)
    {
        Traced = tokenId;
        return WorkAsync();
    }

    /// <summary>Ends what is being read or written.</summary>
    public void Stop() => reading?.Cancel();

    public void Dispose()
    {
        Changed = null;
        reading?.Cancel();
    }

    /// <summary>Same but for what has no effect at a position.</summary>
    private static bool SameRules(SamplingParams one, SamplingParams other) =>
        one == other with { Seed = one.Seed, MaxTokens = one.MaxTokens, Sequences = one.Sequences, Stop = one.Stop, StopAtEnd = one.StopAtEnd };

    private async Task ReadAsync()
    {
        reading?.Cancel();
        using var cancellation = new CancellationTokenSource();
        reading = cancellation;
        (Traced, Notice) = (null, null);
        Changed?.Invoke();
        try
        {
            var (run, at) = (Run!, Place!);
            if (Generator is not { } generator)
            {
                Notice = $"{run.Model.Id} is not loaded any more: its logits cannot be worked out again.";
            }
            else if (await PositionLogits.FindAsync(run, at, generator, cancellation.Token) is { } logits)
            {
                writer = (run, generator);
                var seed = run.Seed ?? 0;
                var taken = run.Find(at);
                place = new(logits,
                    [.. run.PromptTokenIds, .. run.Sequences[at.Sequence].Tokens.Take(at.Position).Select(token => token.Score.TokenId)],
                    run.PromptTokenIds.Count, taken?.Trace.U ?? SeededRandom.NextUniform(seed, run.DiceOf(at.Sequence), at.Position), taken?.Score.TokenId);
                (Draws, Futures) = (null, null);
            }
            else
            {
                Notice = $"{run.Model.Id} tells nothing of this position: it hands out no logits, and no likely tokens here. Another position may show more.";
            }
            if (Notice is not null)
            {
                (place, Strip) = (null, null);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            // The edge: whatever the engine or a remote server came to grief on, the page lives on.
            (Notice, place, Strip) = ($"The numbers of this position could not be asked for: {FailureWords.Of(error)}", null, null);
            if (FailureWords.IsUnexpected(error))
            {
                LogFailed(error);
            }
        }
        finally
        {
            if (reading == cancellation)
            {
                reading = null;
                Changed?.Invoke();
            }
        }
        await WorkAsync();
    }

    /// <summary>Works the strip out for the settings of now; what changes meanwhile is taken in one go afterwards.</summary>
    private async Task WorkAsync()
    {
        stale = true;
        if (working)
        {
            return;
        }
        if (place is null || Problems.Count > 0)
        {
            Changed?.Invoke();
            return;
        }
        working = true;
        try
        {
            while (stale && place is { } here && Problems.Count == 0)
            {
                stale = false;
                await WorkOnceAsync(here, Settings, Traced);
                Changed?.Invoke();
            }
        }
        finally
        {
            working = false;
        }
    }

    private async Task WorkOnceAsync(StripPlace here, SamplingParams settings, int? traced)
    {
        if (here.Logits.Told is not null && settings.RepetitionPenalty != 1)
        {
            (Notice, IsOfSettings) = ("A repetition penalty works on the model's own scores, which the server does not tell. Set it to 1 to see the other stages.", true);
            return;
        }
        var width = here.Logits.Row.Length;
        var with = sampler is { } ready && samplerWidth == width ? ready : new Sampler(width);
        (sampler, samplerWidth) = (with, width);
        try
        {
            var worked = await Task.Run(() => SamplerStrip.Work(with, here, settings, traced));
            if (here == place)
            {
                (Strip, Notice) = (worked, null);
                if (Draws is { } draws && !draws.IsOf(worked.Final))
                {
                    Draws = null;
                }
            }
        }
        catch (Exception error) when (error is InvalidOperationException or InvalidRequestException)
        {
            (Notice, IsOfSettings) = (error.Message, true);
        }
    }
    private int samplerWidth;

    [LoggerMessage(LogLevel.Error, "The lab's generation failed")]
    private partial void LogFailed(Exception error);
}
