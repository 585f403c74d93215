using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

/// <summary>What is kept of the page and brought back to it: links, receipts, replays.</summary>
internal sealed partial class PlaygroundState
{
    private readonly PageAddress links = new("");

    /// <summary>What was wrong with a link or a receipt; empty when it was well.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    /// <summary>What stands on the page: the prompt and the continuation in front, or the prompt alone.</summary>
    public string Text => Run is { } run
        ? (run.Root.Request.Prompt ?? Prompt) + run.Sequences[Math.Min(Selected?.Sequence ?? 0, run.Sequences.Count - 1)].Text
        : Prompt;

    public Replays Replays => replays ??= new(model, () => Changed?.Invoke());
    private Replays? replays;

    public PageLink Link => new("", Prompt, [new LinkColumn(Sampling, model.Id)]);

    /// <summary>The run came from a receipt of a model that is not here: it can be read, not gone on with.</summary>
    public bool IsForeign => RunGenerator is RecordedModel;

    /// <summary>The runs that wrote what the page shows: a branch shows continuations of the run that it left, and what it goes on from.</summary>
    public KeptRuns Kept
    {
        get
        {
            var shown = Run is { } run && RunGenerator is not null ? run.Sequences.SelectMany(sequence => run.WritersOf(sequence.Index)).Select(part => part.Run).Prepend(run).Distinct().Take(ReceiptRules.MaxRuns).ToList() : [];
            return new([.. shown.Select((one, index) => (shown.Count == 1 ? "" : index == 0 ? "This branch" : "What it left", one, RunGenerator!))], Link);
        }
    }

    /// <summary>Takes prompt and settings from an address, once: who comes back to the page by it finds what is there now.</summary>
    public void Open(string address) => links.Open(address, Refuse, Take);

    /// <summary>Prompt and settings; a seed that is named holds.</summary>
    public void Take(PageLink link)
    {
        Remember("link");
        if (link.Columns[0].Model is { } id)
        {
            model.Choose(id);
        }
        Preset = null;
        Prompt = link.Prompt;
        NewSeedEachTime = link.Sampling.Seed is null;
        Sampling = link.Sampling with { Seed = link.Sampling.Seed ?? NewSeed() };
        Count();
        Edited();
    }

    /// <summary>Shows a receipt's run with its prompt and settings. Of several only the first has room here.</summary>
    public void Show(Receipt receipt)
    {
        if (IsRunning)
        {
            Refuse(["Stop the run that goes on first."]);
            return;
        }
        var first = receipt.Runs[0];
        Take(new PageLink("", first.Prompt, first.Sampling with { Seed = first.Seed }));
        (Run, Selected) = (first.ToRun((request, info) => runs.Start(request, info)), null);
        writers.AddOrUpdate(Run, model.All.FirstOrDefault(generator => ReplayWords.Hindrance(Run.Model, generator.Model) is null) ?? new RecordedModel(first));
        Replays.Clear();
        Refuse(receipt.Runs.Count == 1 ? [] : [$"This receipt holds {receipt.Runs.Count} runs; the first is shown. Compare shows them side by side."]);
    }

    public void Refuse(params IReadOnlyList<string> sentences)
    {
        Refused = sentences;
        Announcement = string.Join(' ', sentences);
        Changed?.Invoke();
    }

    public Task ReplayAsync() => Replays.RunAsync(Kept.Runs, user);
}
