using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>What a page offers to be kept: its runs, and itself as a link. Implemented by the pages' states.</summary>
public sealed record KeptRuns(IReadOnlyList<(string Name, Run Run, ITextGenerator Writer)> Runs, PageLink Link)
{
    /// <summary>There are runs, and all of them are over.</summary>
    public bool AreOver => Runs.Count > 0 && Runs.All(run => !run.Run.IsActive);

    public async Task<Receipt> ReceiptAsync(DateTimeOffset now, int alternatives = GenerationRequest.MaxAlternatives) =>
        await ReceiptOfRun.MakeAsync([.. Runs.Select(run => (run.Run, run.Writer))], now, alternatives);
}
