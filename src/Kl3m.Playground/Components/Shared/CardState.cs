using Kl3m.Inference;
using Kl3m.Playground.Runs;
using MudBlazor;

namespace Kl3m.Playground.Components.Shared;

/// <summary>A continuation's state in words.</summary>
/// <param name="Tone">CSS class: what colour the words and the bar have.</param>
/// <param name="Progress">0 to 1.</param>
internal sealed record CardState(string Words, string Count, string Tone, string? Icon, double Progress)
{
    public static CardState Of(Run run, RunSequence sequence)
    {
        run = run.OwnerOf(sequence.Index);
        var status = run.Status;
        var finished = sequence.Finished;
        var written = sequence.Tokens.Count;
        var most = sequence.Inherited + run.Request.Sampling.MaxTokens;
        var share = most == 0 ? 1 : (double)written / most;
        var soFar = $"{Numbers.Count(written)} / {Numbers.Count(most)}";
        if (finished is { Reason: not FinishReason.Cancelled } || (finished is null && status == RunStatus.Done))
        {
            return new("Done", Numbers.Of(written, "token"), "done", Icons.Material.Filled.Check, 1);
        }
        if (finished is { Reason: FinishReason.Cancelled } || status == RunStatus.Stopped)
        {
            return new("Stopped", $"after {Numbers.Of(written, "token")}", "stopped", Icons.Material.Filled.Stop, share);
        }
        return status switch
        {
            RunStatus.Queued => new("Waiting", "", "waiting", null, 0),
            RunStatus.Prefill when run.PromptProgress is { Total: > 0 } read => new("Reading the prompt",
                $"{Numbers.Count(read.Done)} of {Numbers.Count(read.Total)}", "reading", null, (double)read.Done / read.Total),
            RunStatus.Prefill => new("Reading the prompt", "", "reading", null, 0),
            RunStatus.Failed when written == 0 => new("Not started", "", "failed", Icons.Material.Outlined.WarningAmber, 0),
            RunStatus.Failed => new("Failed", $"after {Numbers.Of(written, "token")}", "failed", Icons.Material.Outlined.WarningAmber, share),
            _ => new("Writing", soFar, "writing", null, share),
        };
    }
}
