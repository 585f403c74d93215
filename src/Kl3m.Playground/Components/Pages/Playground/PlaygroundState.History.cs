using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Playground;

internal sealed partial class PlaygroundState
{
    private readonly History<Moment> history;

    public bool CanUndo => history.CanUndo;

    public bool CanRedo => history.CanRedo;

    private Moment Now => new(Prompt, Sampling, Preset, NewSeedEachTime, Run, Selected);

    /// <summary>Back before the last change of prompt, settings, run or branch. A run that is undone is stopped, and stays in the tree.</summary>
    public void Undo() => GoTo(history.Undo(Now));

    public void Redo() => GoTo(history.Redo(Now));

    private void Remember(string? kind = null) => history.Remember(Now, kind);

    private void GoTo(Moment? moment)
    {
        if (moment is null)
        {
            return;
        }
        if (moment.Run != Run)
        {
            Stop();
        }
        var retyped = moment.Prompt != Prompt;
        (Prompt, Sampling, Preset, NewSeedEachTime, Run, Selected) = (moment.Prompt, moment.Sampling, moment.Preset, moment.NewSeedEachTime, moment.Run, moment.Selected);
        if (retyped)
        {
            Count();
        }
        Edited();
    }

    /// <summary>All that undo brings back.</summary>
    private sealed record Moment(string Prompt, SamplingParams Sampling, Preset? Preset, bool NewSeedEachTime, Run? Run, SelectedToken? Selected);
}
