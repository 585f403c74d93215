using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom.Nodes;

/// <summary>What a run came to since the piece before. Read twice it says nothing new, so that a list that was lost can be written again.</summary>
internal sealed record RunPiece
{
    /// <summary>In the first piece: what was asked.</summary>
    public RunHeader? Header { get; init; }

    public GenerationStarted? Started { get; init; }

    public GenerationQueued? Queued { get; init; }

    public PromptProgress? Progress { get; init; }

    public PromptScored? Scored { get; init; }

    public IReadOnlyList<SequencePiece> Sequences { get; init; } = [];

    public GenerationFinished? Finished { get; init; }

    /// <summary>Why it failed, for people.</summary>
    public string? Failed { get; init; }

    public bool Stopped { get; init; }
}

/// <summary>What a run is before its first token.</summary>
/// <param name="Branch">Where it leaves another one, which is to be read first.</param>
internal sealed record RunHeader(GenerationRequest Request, ModelInfo Model, RunOrigin? Branch);

/// <summary>A <see cref="Branch"/> whose other run has a name instead.</summary>
internal sealed record RunOrigin(string Run, int Sequence, int Position, IReadOnlyList<TokenGenerated> Forced);

/// <param name="Sequence">Place among those that the run wrote itself.</param>
/// <param name="From">Place of the first token among those that the run wrote itself.</param>
internal sealed record SequencePiece(int Sequence, int From, IReadOnlyList<TokenGenerated> Tokens, SequenceFinished? End);

/// <summary>Cuts a run into pieces as it grows.</summary>
internal sealed class RunCutter(Run run, RunHeader header)
{
    private readonly (int Tokens, bool Ended)[] told = new (int, bool)[run.Written.Count];
    private RunPiece last = new();
    private bool begun;
    private bool over;

    /// <summary>Null when nothing is new.</summary>
    public RunPiece? Next()
    {
        // The status first: what is read after it is at least as new, so the piece with the end holds everything before it.
        var active = run.IsActive;
        var started = run.Seed is { } seed && run.PromptTokenIds.Count > 0 ? new GenerationStarted(run.PromptTokenIds, seed) : null;
        var piece = new RunPiece
        {
            Header = begun ? null : header,
            Started = last.Started is null ? started : null,
            Queued = active && run.Queued != last.Queued ? run.Queued : null,
            Progress = active && run.PromptProgress != last.Progress ? run.PromptProgress : null,
            Scored = last.Scored is null && run.PromptScores is { } scores ? new(scores) : null,
            Sequences = [.. run.Written.Select(Cut).OfType<SequencePiece>()],
            Finished = !active && !over && run is { Usage: { } usage, Timings: { } timings } ? new(usage, timings) : null,
            Failed = !active && !over && run.Status == RunStatus.Failed ? FailureWords.Of(run.Error!) : null,
            Stopped = !active && !over && run.Status == RunStatus.Stopped,
        };
        var isNew = !begun || (!active && !over) || piece is not { Started: null, Queued: null, Progress: null, Scored: null, Sequences: [] };
        (begun, over) = (true, !active);
        last = new() { Started = last.Started ?? started, Queued = run.Queued, Progress = run.PromptProgress, Scored = last.Scored ?? piece.Scored };
        return isNew ? piece : null;
    }

    private SequencePiece? Cut(RunSequence sequence, int index)
    {
        var (from, ended) = told[index];
        var end = ended ? null : sequence.Finished;
        TokenGenerated[] tokens = [.. sequence.Tokens.Skip(sequence.Inherited + from)];
        told[index] = (from + tokens.Length, ended || end is not null);
        return tokens.Length > 0 || end is not null ? new(index, from, tokens, end) : null;
    }
}
