using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>
/// Two to six columns that continue one prompt, each with settings or a model of its own, by the same dice. Lives as long as the
/// visitor's circuit. All members belong to the circuit's thread; generation runs beside it and is looked at on a tick.
/// </summary>
internal sealed partial class CompareState : IAsyncDisposable
{
    public const int Fewest = 2;
    public const int Most = PageLink.MaxColumns;
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private static readonly float[] FirstTemperatures = [0.3f, 0.7f, 1.2f];

    private readonly ChosenModel model;
    private readonly TimeProvider time;
    private readonly ILogger<CompareState> logger;
    private readonly PromptLength length;
    private readonly List<CompareColumn> columns = [];
    private readonly string user = Guid.NewGuid().ToString("N");

    public CompareState(ChosenModel model, TimeProvider time, ILogger<CompareState> logger)
    {
        (this.model, this.time, this.logger) = (model, time, logger);
        length = new PromptLength(time, () => Changed?.Invoke());
        columns.AddRange(FirstTemperatures.Select(temperature => new CompareColumn(new() { Temperature = temperature, TopK = 50, MaxTokens = 64 }, null)));
    }

    /// <summary>Prompt, settings, columns, selection or a run's beginning and end have changed.</summary>
    public event Action? Changed;

    /// <summary>The runs have something new, at most once a tick for all of them.</summary>
    public event Action? Ticked;

    public string Prompt { get; private set; } = Preset.All[0].Prompt;

    public ulong Seed { get; private set; } = NewSeed();

    /// <summary>All columns throw the same dart at the same position.</summary>
    public bool SameDice { get; private set; } = true;

    public IReadOnlyList<CompareColumn> Columns => columns;

    /// <summary>How many tokens the prompt has for the default model.</summary>
    public int? PromptTokens => length.Tokens;

    /// <summary>Where the columns part; null while they do not.</summary>
    public Fork? Fork { get; private set; }

    /// <summary>A token of a column that is looked at; null is none.</summary>
    public (CompareColumn Column, int Position)? Selected { get; private set; }

    /// <summary>The words that differ, in place of the tokens.</summary>
    public bool ShowsWords { get; private set; }

    /// <summary>The token that is looked at by itself: what all columns came to by the same way is laid side by side instead.</summary>
    public (CompareColumn Column, int Position)? Inspected => Selected is { } selected && !SharedPlace.IsShared(this, selected.Position) ? selected : null;

    public bool IsRunning => columns.Any(column => column.IsRunning);

    public bool CanRun => model.Generator is not null && !IsRunning;

    /// <summary>What a screen reader is told.</summary>
    public string Announcement { get; private set; } = "";

    public static string Letter(int index) => ((char)('A' + index)).ToString();

    public string LetterOf(CompareColumn column) => Letter(columns.IndexOf(column));

    public ITextGenerator? GeneratorOf(CompareColumn column) => model.Find(column.Model);

    /// <summary>What it shows was written with another prompt, seed or setting than those that stand now.</summary>
    public bool IsStale(CompareColumn column) =>
        column.Run is { } run && ((run.Request.Prompt is not null && run.Request.Prompt != Prompt) || !IsSame(run.Request.Sampling, column.Sampling) || run.Seed != SeedOf(columns.IndexOf(column)) || ((column.Model ?? model.Generator?.Model.Id) is { } id && id != run.Model.Id));

    public Settings SettingsOf(CompareColumn column) => GeneratorOf(column)?.Model is { } info ? new(info.VocabularySize, info.ContextLength) : new(32_768, 8_192);

    public IReadOnlyList<FieldProblem> ProblemsOf(CompareColumn column) =>
    [
        .. Prompt.Length == 0 ? [SamplingProblems.EmptyPrompt] : Array.Empty<FieldProblem>(),
        .. SamplingProblems.Find(column.Sampling, SettingsOf(column), GeneratorOf(column)?.Model, column.Model is null ? PromptTokens : null),
        .. GeneratorOf(column) is null && model.Generator is not null ? [new FieldProblem("Model", $"{column.Model} is not loaded here. Choose another model for this column.")] : Array.Empty<FieldProblem>(),
    ];

    public void Type(string text)
    {
        if (text != Prompt)
        {
            Prompt = text;
            length.Count(Prompt, model.Generator);
            Changed?.Invoke();
        }
    }

    public void SetSeed(ulong seed)
    {
        Seed = seed;
        Changed?.Invoke();
    }

    public void RollSeed() => SetSeed(NewSeed());

    public void SetSameDice(bool on)
    {
        SameDice = on;
        Changed?.Invoke();
    }

    public void ShowWords(bool on)
    {
        ShowsWords = on;
        Changed?.Invoke();
    }

    /// <summary>Changes one column's settings, or with null those of all.</summary>
    public void Change(CompareColumn? column, Func<SamplingParams, SamplingParams> change)
    {
        foreach (var one in column is null ? columns : [column])
        {
            one.Sampling = change(one.Sampling) with { Sequences = 1, Seed = null };
        }
        Changed?.Invoke();
    }

    public void SetModel(CompareColumn? column, string? id)
    {
        foreach (var one in column is null ? columns : [column])
        {
            one.Model = id;
        }
        Changed?.Invoke();
    }

    /// <summary>A copy of the column, beside it; nothing when there is no room.</summary>
    public void Clone(CompareColumn column)
    {
        if (columns.Count < Most)
        {
            columns.Insert(columns.IndexOf(column) + 1, new(column.Sampling, column.Model));
            Rearranged();
        }
    }

    public void Remove(CompareColumn column)
    {
        if (columns.Count > Fewest && columns.Remove(column))
        {
            column.Stop();
            Rearranged();
        }
    }

    public void Take(Ladder ladder)
    {
        Replace([.. ladder.Climb(columns[0].Sampling).Select(sampling => new CompareColumn(sampling, columns[0].Model))]);
    }

    public void Select(CompareColumn? column, int position)
    {
        Selected = column is not null && position >= 0 && position < column.Tokens.Count ? (column, position) : null;
        Changed?.Invoke();
    }

    /// <summary>Another model, or the first: limits and token counts are its own.</summary>
    public void ModelChanged()
    {
        length.Count(Prompt, model.Generator);
        Changed?.Invoke();
    }

    public async ValueTask DisposeAsync()
    {
        Changed = null;
        Ticked = null;
        length.Dispose();
        replays?.Dispose();
        foreach (var column in columns)
        {
            column.Stop();
        }
        columns.Clear();
        await Task.CompletedTask;
    }

    // Lists compare by what they are, not by what they hold; the link's text has all of it.
    private static bool IsSame(SamplingParams one, SamplingParams other) =>
        new PageLink("", "", one with { Seed = null, Sequences = 1 }).Fragment == new PageLink("", "", other with { Seed = null, Sequences = 1 }).Fragment;

    private void Replace(IReadOnlyList<CompareColumn> others)
    {
        Stop();
        columns.Clear();
        columns.AddRange(others);
        Rearranged();
    }

    private void Rearranged()
    {
        Fork = Fork.Find(columns);
        Selected = Selected is { } selected && columns.Contains(selected.Column) ? Selected : null;
        Changed?.Invoke();
    }

    // Six digits: short enough to be read out in a class.
    private static ulong NewSeed() => (ulong)Random.Shared.Next(100_000, 1_000_000);
}
