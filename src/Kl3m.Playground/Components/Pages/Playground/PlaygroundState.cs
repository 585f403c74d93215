using System.Runtime.CompilerServices;
using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

/// <summary>
/// What one visitor of the playground has before them: prompt, settings, the run, and what stands in the way of the next one. Lives as
/// long as the visitor's circuit, so that another page and back loses nothing. All members belong to the circuit's thread; generation
/// runs beside it and is looked at on a tick.
/// </summary>
internal sealed partial class PlaygroundState : IAsyncDisposable
{
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly ChosenModel model;
    private readonly RunStore runs;
    private readonly TimeProvider time;
    private readonly ILogger<PlaygroundState> logger;
    private readonly PromptLength length;
    private readonly string user = Guid.NewGuid().ToString("N");
    private readonly ConditionalWeakTable<Run, ITextGenerator> writers = [];
    private IReadOnlyList<FieldProblem> refused = [];
    private CancellationTokenSource? running;
    private CancellationTokenSource? waiting;

    public PlaygroundState(ChosenModel model, RunStore runs, TimeProvider time, ILogger<PlaygroundState> logger)
    {
        this.model = model;
        this.runs = runs;
        this.time = time;
        this.logger = logger;
        length = new PromptLength(time, () => Changed?.Invoke());
        history = new(time);
        Pace = new(time);
        Prompt = Preset!.Prompt;
        Sampling = Preset.Apply(new SamplingParams { TopK = 50, Seed = NewSeed() });
    }

    /// <summary>Prompt, settings, notices or the run's beginning and end have changed.</summary>
    public event Action? Changed;

    /// <summary>The run has something new, at most once a tick.</summary>
    public event Action? Ticked;

    public ITextGenerator? Generator => model.Generator;

    /// <summary>Knows the tokens of the run on the page, also when another model has taken its place.</summary>
    public ITextGenerator? RunGenerator => Run is { } run && writers.TryGetValue(run, out var writer) ? writer : Generator;

    public string Prompt { get; private set; }

    /// <summary>As set, right or wrong: <see cref="Problems"/> says what is wrong with it.</summary>
    public SamplingParams Sampling { get; private set; }

    /// <summary>Each run takes a seed of its own; the seed field shows it.</summary>
    public bool NewSeedEachTime { get; private set; } = true;

    /// <summary>The preset that prompt and settings came from.</summary>
    public Preset? Preset { get; private set; } = Preset.All[0];

    public bool IsEdited => Preset is not null && !Preset.Fits(Prompt, Sampling);

    /// <summary>How many tokens the prompt has; the last known number while it is being counted, null before the first.</summary>
    public int? PromptTokens => length.Tokens;

    public Settings Settings => settings ??= new(Generator?.Model.VocabularySize ?? 32_768, Generator?.Model.ContextLength ?? 8_192);
    private Settings? settings;

    public Run? Run { get; private set; }

    public SelectedToken? Selected { get; private set; }

    public bool IsRunning => running is not null || steering;

    /// <summary>Set while the engine's queue is full and the state waits to ask again.</summary>
    public Waiting? Waiting { get; private set; }

    /// <summary>Generate would do something: a model is there and nothing runs.</summary>
    public bool CanGenerate => Generator is not null && !IsRunning;

    /// <summary>What a screen reader is told of mistakes and of waiting; the run view tells of starts and ends.</summary>
    public string Announcement { get; private set; } = "";

    /// <summary>Every mistake of the caller, each at its field.</summary>
    public IReadOnlyList<FieldProblem> Problems => [.. SamplingProblems.Find(Sampling, Settings, Generator?.Model, PromptTokens), .. refused];

    public FieldProblem? ProblemAt(string field) => Problems.FirstOrDefault(problem => problem.Field == field);

    public void Type(string text)
    {
        if (text != Prompt)
        {
            Remember("prompt");
            Prompt = text;
            Count();
            Edited();
        }
    }

    public void Change(Func<SamplingParams, SamplingParams> change)
    {
        var seed = Sampling.Seed;
        Remember("settings");
        Sampling = change(Sampling);
        _ = SteerSoonAsync();
        // Whoever picks a seed means it.
        NewSeedEachTime &= Sampling.Seed == seed;
        Edited();
    }

    public void RollSeed() => Change(sampling => sampling with { Seed = NewSeed() });

    public void SetNewSeedEachTime(bool on)
    {
        NewSeedEachTime = on;
        Changed?.Invoke();
    }

    public void Take(Preset preset)
    {
        Remember();
        Preset = preset;
        Prompt = preset.Prompt;
        Sampling = preset.Apply(Sampling);
        Count();
        Edited();
    }

    public void Select(SelectedToken? token)
    {
        Selected = token;
        Changed?.Invoke();
    }

    /// <summary>Another model, or the first: limits and token counts are its own.</summary>
    public void ModelChanged()
    {
        settings = null;
        Count();
        Changed?.Invoke();
    }

    /// <summary>Forgets the run on the page.</summary>
    public void Clear()
    {
        if (!IsRunning && Run is not null)
        {
            Remember();
            Run = null;
            Selected = null;
            Changed?.Invoke();
        }
    }

    /// <summary>Continues the prompt. Returns when the run has ended; mistakes and a full queue are told in this object.</summary>
    public Task GenerateAsync()
    {
        if (!CanGenerate)
        {
            return Task.CompletedTask;
        }
        var sampling = NewSeedEachTime ? Sampling with { Seed = NewSeed() } : Sampling;
        return RunAsync(Generator!, new Part(new GenerationRequest { Prompt = Prompt, Sampling = sampling, User = user }));
    }

    /// <summary>Ends the run, or the wait for one; what was written stands.</summary>
    public void Stop()
    {
        waiting?.Cancel();
        if (running is { } cancellation)
        {
            foreach (var run in written)
            {
                run.Cancel();
            }
            cancellation.Cancel();
        }
    }

    /// <summary>Ends one sequence; the others go on.</summary>
    public void StopOne(int sequenceIndex)
    {
        if (Run?.OwnerOf(sequenceIndex) is { } owner)
        {
            owner.Request.Stops?.Stop(owner.Branch is null ? sequenceIndex : 0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Changed = null;
        Ticked = null;
        length.Dispose();
        replays?.Dispose();
        waiting?.Cancel();
        if (running is { } cancellation)
        {
            await cancellation.CancelAsync();
        }
    }

    private void Count() => length.Count(Prompt, Generator);

    private void Edited()
    {
        refused = [];
        waiting?.Cancel();
        Changed?.Invoke();
    }

    // Six digits: short enough to be read out in a class.
    private static ulong NewSeed() => (ulong)Random.Shared.Next(100_000, 1_000_000);
}
