using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>What is kept of the page and brought back to it: links, receipts, replays.</summary>
internal sealed partial class CompareState
{
    public const string Address = "compare";

    private readonly PageAddress links = new(Address);

    /// <summary>What was wrong with a link or a receipt; empty when it was well.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    public Replays Replays => replays ??= new(model, () => Changed?.Invoke());
    private Replays? replays;

    public PageLink Link => new(Address, Prompt, [.. columns.Select((column, index) => new LinkColumn(column.Sampling with { Seed = SeedOf(index) }, column.Model))]);

    public KeptRuns Kept => new([.. columns.Where(column => column.Run is not null).Select(column => ($"Column {LetterOf(column)}", column.Run!, column.Writer!))], Link);

    /// <summary>Takes prompt, dice and columns from an address, once.</summary>
    public void Open(string address) => links.Open(address, Refuse, Take);

    /// <summary>A link with but one column gives two of it.</summary>
    public void Take(PageLink link)
    {
        Prompt = link.Prompt;
        Seed = link.Sampling.Seed ?? NewSeed();
        SameDice = link.Columns.All(column => (column.Sampling.Seed ?? Seed) == Seed);
        var taken = link.Columns.Count < Fewest ? [link.Columns[0], link.Columns[0]] : link.Columns;
        Replace([.. taken.Select(column => new CompareColumn(column.Sampling, column.Model))]);
        if (link.Columns.Where((column, index) => column.Sampling.Seed is { } seed && seed != SeedOf(index)).Any())
        {
            Refuse([.. Refused, $"Columns have one seed here, or seeds in a row: these have {string.Join(", ", columns.Select((_, index) => SeedOf(index)))}, and not all that were named."]);
        }
        ModelChanged();
    }

    /// <summary>Shows a receipt's runs as columns; a run of several continuations gives its first.</summary>
    public void Show(Receipt receipt)
    {
        if (IsRunning)
        {
            Refuse("Stop the columns that are written first.");
            return;
        }
        Refused = [];
        var here = model.All;
        Take(new PageLink(Address, receipt.Runs[0].Prompt, [.. receipt.Runs.Take(Most).Select(run => new LinkColumn(run.Sampling with { Seed = run.Seed }, run.Model.Id != model.Generator?.Model.Id && here.Any(one => one.Model.Id == run.Model.Id) ? run.Model.Id : null))]));
        for (var index = 0; index < Math.Min(receipt.Runs.Count, Most); index++)
        {
            var run = receipt.Runs[index].ToRun((request, info) => new Run(request, info, time));
            columns[index].Show(run, here.FirstOrDefault(generator => ReplayWords.Hindrance(run.Model, generator.Model) is null) ?? new RecordedModel(receipt.Runs[index]));
        }
        Replays.Clear();
        Rearranged();
        Refuse([.. Refused, .. receipt.Runs.Any(run => run.Sequences.Count > 1) ? ["A run of several continuations has room for its first here."] : Array.Empty<string>()]);
    }

    public void Refuse(params IReadOnlyList<string> sentences)
    {
        Refused = sentences;
        Announcement = string.Join(' ', sentences);
        Changed?.Invoke();
    }

    public Task ReplayAsync() => Replays.RunAsync(Kept.Runs, user);

    // Without the same dice each column has its own, which its seed still repeats.
    private ulong SeedOf(int index) => SameDice ? Seed : unchecked(Seed + (ulong)index);
}
