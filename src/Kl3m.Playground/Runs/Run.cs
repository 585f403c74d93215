using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>
/// One press of Generate: what was asked, and every event that came of it. One background task writes, any thread reads:
/// a reader that finds a new <see cref="Version"/> finds all that was recorded before it.
/// </summary>
public sealed class Run
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly LogitsMemory? memory;
    private readonly long started;
    private volatile State state = new(RunStatus.Queued);
    private volatile GenerationStarted? start;
    private volatile PromptScored? scored;
    private volatile GenerationFinished? finished;
    private volatile int version;

    /// <param name="memory">Keeps the logits that come with the tokens; null keeps none.</param>
    /// <param name="branch">Where this run leaves another one; the request then asks for one sequence.</param>
    public Run(GenerationRequest request, ModelInfo model, TimeProvider time, LogitsMemory? memory = null, Branch? branch = null)
    {
        (Request, Model, Branch, this.time, this.memory) = (request, model, branch, time, memory);
        (started, StartedAt) = (time.GetTimestamp(), time.GetUtcNow());
        Sequences = branch is null
            ? [.. Enumerable.Range(0, request.Sampling.Sequences).Select(i => new RunSequence(i))]
            : [.. branch.From.Sequences.Select(sequence => sequence.Index == branch.Sequence ? new RunSequence(sequence.Index, branch) : sequence)];
    }

    public GenerationRequest Request { get; }

    public ModelInfo Model { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>Where this run leaves another one.</summary>
    public Branch? Branch { get; }

    /// <summary>The run that this one, by branch from branch, came from; itself where there is none.</summary>
    public Run Root => Branch is { } branch ? branch.From.Root : this;

    public IReadOnlyList<RunSequence> Sequences { get; }

    /// <summary>Those that this run wrote itself: all, or the one that branches.</summary>
    public IReadOnlyList<RunSequence> Written => Branch is { } branch ? [Sequences[branch.Sequence]] : Sequences;

    /// <summary>Grows with each change.</summary>
    public int Version => version;

    public RunStatus Status => state.Status;

    public bool IsActive => state.Status is RunStatus.Queued or RunStatus.Prefill or RunStatus.Writing;

    /// <summary>One of the continuations that it shows is still being written, by itself or by a run that it came from.</summary>
    public bool IsGrowing => Sequences.Any(sequence => OwnerOf(sequence.Index).IsActive);

    /// <summary>The seed asked for or drawn; null until the generator told it.</summary>
    public ulong? Seed => start?.Seed ?? Request.Sampling.Seed;

    public IReadOnlyList<int> PromptTokenIds => start?.PromptTokenIds ?? Request.PromptTokenIds ?? [];

    /// <summary>Each prompt token's own numbers, where they were asked for.</summary>
    public IReadOnlyList<TokenScore?>? PromptScores => scored?.Tokens;

    /// <summary>The place in the engine's line while it waits there.</summary>
    public GenerationQueued? Queued => state.Queued;

    /// <summary>Until it starts, estimated when its place was last told, less what has passed since; null where it is not known.</summary>
    public TimeSpan? UntilStart => state is { Queued.Estimate: { } estimate } now
        ? TimeSpan.FromTicks(Math.Max((estimate - (time.GetElapsedTime(started) - now.QueuedAt)).Ticks, 0))
        : null;

    /// <summary>How much of the prompt has been read.</summary>
    public PromptProgress? PromptProgress => state.Prompt;

    public Usage? Usage => finished?.Usage;

    public GenerationTimings? Timings => finished?.Timings;

    /// <summary>Why it failed.</summary>
    public Exception? Error => state.Error;

    /// <summary>From the request to now, or to its end.</summary>
    public TimeSpan Elapsed => Timings?.Total ?? state.Ended ?? time.GetElapsedTime(started);

    /// <summary>From the request to its first token: as the generator measured it, until then as it was seen here.</summary>
    public TimeSpan? FirstToken => Timings?.FirstToken ?? state.FirstToken;

    /// <summary>Tokens that this run wrote itself.</summary>
    public int TokenCount => Written.Sum(sequence => sequence.Tokens.Count - sequence.Inherited);

    /// <summary>New tokens of all sequences per second since the first one came; null while there is nothing to divide.</summary>
    public double? TokensPerSecond =>
        FirstToken is { } first && TokenCount - 1 is > 0 and var count && (Elapsed - first).TotalSeconds is > 0.02 and var seconds ? count / seconds : null;

    /// <summary>The token's event; null where the run has none.</summary>
    public TokenGenerated? Find(SelectedToken? token) =>
        token is { Sequence: >= 0, Position: >= 0 } && token.Sequence < Sequences.Count && token.Position < Sequences[token.Sequence].Tokens.Count
            ? Sequences[token.Sequence].Tokens[token.Position]
            : null;

    /// <summary>What was asked when the token at this place was written: a branch shows tokens of the runs that it came from.</summary>
    public GenerationRequest RequestAt(SelectedToken place) => WriterOf(place).Request;

    /// <summary>The run that wrote the token at this place.</summary>
    public Run WriterOf(SelectedToken place) => Branch is not { } branch || (place.Sequence == branch.Sequence && place.Position >= branch.Position)
        ? this
        : branch.From.WriterOf(place);

    /// <summary>All that wrote a part of one continuation, the newest first, each with the position of its first token there.</summary>
    public IEnumerable<(Run Run, int From)> WritersOf(int sequence)
    {
        var writer = OwnerOf(sequence);
        while (writer.Branch is { } branch)
        {
            yield return (writer, branch.Position);
            if (branch.Position == 0)
            {
                yield break;
            }
            writer = branch.From.WriterOf(new(sequence, branch.Position - 1));
        }
        yield return (writer, 0);
    }

    /// <summary>Whether a person put the token there.</summary>
    public bool IsForced(SelectedToken place) =>
        Branch is { } branch && (place.Sequence == branch.Sequence && place.Position >= branch.Position
            ? place.Position < branch.Position + branch.Forced.Count
            : branch.From.IsForced(place));

    /// <summary>The run that wrote a continuation's end.</summary>
    public Run OwnerOf(int sequence) => Branch is { } branch && branch.Sequence != sequence ? branch.From.OwnerOf(sequence) : this;

    /// <summary>The number that a continuation throws its dice by.</summary>
    public int DiceOf(int sequence) => Root.Request.FirstSequence + sequence;

    internal IEnumerable<KeptRow?> OwnRows => Written.SelectMany(sequence => sequence.Rows.Skip(sequence.Inherited));

    /// <summary>Takes what the generator told. What comes after the run's end (a stop races with the last tokens) is dropped.</summary>
    public void Record(GenerationEvent happened) => Record(Hold(happened));

    /// <summary>Puts an event's logits where the budget counts them, for events that wait before they are recorded.</summary>
    internal HeldEvent Hold(GenerationEvent happened) =>
        happened is TokenGenerated { Logits: { Length: > 0 } logits } token ? new(token with { Logits = null }, memory?.Keep(logits)) : new(happened, null);

    internal void Record(HeldEvent held)
    {
        lock (gate)
        {
            if (IsActive)
            {
                Take(held);
                version++;
            }
            else if (held.Row is { } late)
            {
                memory?.Release([late]);
            }
        }
    }

    /// <summary>What was written stands; the run is over.</summary>
    public void Fail(Exception error) => End(RunStatus.Failed, error);

    /// <summary>The person stopped it: what was written stands. Says nothing to the generator; leaving its enumeration does.</summary>
    public void Cancel() => End(RunStatus.Stopped);

    private void Take(HeldEvent held)
    {
        switch (held.Event)
        {
            case GenerationStarted begun:
                start = begun;
                break;
            case GenerationQueued queued:
                state = state with { Queued = queued, QueuedAt = time.GetElapsedTime(started) };
                break;
            case PromptProgress progress:
                state = state with { Queued = null, Prompt = progress, Status = state.Status == RunStatus.Queued ? RunStatus.Prefill : state.Status };
                break;
            case PromptScored scores:
                scored = scores;
                break;
            case TokenGenerated token:
                var sequence = Written[token.SequenceIndex];
                sequence.Append(token with { SequenceIndex = sequence.Index }, held.Row);
                if (state.FirstToken is null)
                {
                    state = state with { Status = RunStatus.Writing, FirstToken = time.GetElapsedTime(started) };
                }
                break;
            case SequenceFinished end:
                Written[end.SequenceIndex].Finish(end with { SequenceIndex = Written[end.SequenceIndex].Index });
                break;
            case GenerationFinished all:
                finished = all;
                End(Written.All(sequence => sequence.Finished?.Reason == FinishReason.Cancelled) ? RunStatus.Stopped : RunStatus.Done);
                break;
            default:
                throw new ArgumentException($"A run cannot record a {held.Event.GetType().Name}.", nameof(held));
        }
    }

    private void End(RunStatus status, Exception? error = null)
    {
        lock (gate)
        {
            if (IsActive)
            {
                state = state with { Status = status, Error = error, Ended = time.GetElapsedTime(started) };
                version++;
            }
        }
    }

    private sealed record State(RunStatus Status, GenerationQueued? Queued = null, TimeSpan QueuedAt = default, PromptProgress? Prompt = null, TimeSpan? FirstToken = null, TimeSpan? Ended = null, Exception? Error = null);
}
