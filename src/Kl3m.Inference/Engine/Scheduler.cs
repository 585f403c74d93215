using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Engine;

/// <summary>
/// Decides what the next step computes, as vLLM does: one token of every sequence that is being written, then prompts in chunks under a
/// token budget. The user who holds the least is admitted first, prompts are read in turns, and within a user it is first come, first
/// served. Room for all tokens that a request may come to is reserved when it is admitted, so nothing is ever pushed out again.
/// </summary>
internal sealed class Scheduler(IModelRunner runner, Tokenizer tokenizer, EngineOptions options, int tokenBudget)
{
    /// <summary>Bounds the buffer for logits, whatever is to be scored.</summary>
    public const int MaxLogitRows = 1024;

    private readonly List<SequenceGroup> waiting = [];
    private readonly List<SequenceGroup> running = [];
    private readonly Dictionary<object, long> lastTurns = [];
    private long turn;

    public IEnumerable<SequenceGroup> Groups => running.Concat(waiting);

    public int SlotsHeld => running.Sum(group => group.SlotsHeld);

    public void Add(SequenceGroup group)
    {
        waiting.Add(group);
        lastTurns.TryAdd(UserOf(group), 0);
    }

    public Step Schedule()
    {
        var step = new Step();
        Admit(step);
        Decode(step);
        Prefill(step);
        return step;
    }

    /// <summary>Gives a sequence's slot back; harmless when that was done before.</summary>
    public void Release(Sequence sequence)
    {
        if (sequence.Slot is { } slot)
        {
            sequence.Slot = null;
            runner.Release(slot);
        }
    }

    public void Remove(SequenceGroup group)
    {
        foreach (var sequence in group.Sequences)
        {
            Release(sequence);
        }
        if (!running.Remove(group))
        {
            waiting.Remove(group);
        }
        if (!Groups.Any(other => UserOf(other).Equals(UserOf(group))))
        {
            lastTurns.Remove(UserOf(group));
        }
    }

    private void Admit(Step step)
    {
        // Nobody overtakes the one who is next: else small requests would keep a large one waiting for ever.
        while (waiting.DistinctBy(UserOf).Where(IsWithinShare).MinBy(HeldByUser) is { } group && TryStart(group, step))
        {
            waiting.Remove(group);
        }
    }

    private bool TryStart(SequenceGroup group, Step step)
    {
        if (SlotsHeld + group.SlotsNeeded > options.MaxRunning)
        {
            return false;
        }
        var slots = new List<int>();
        try
        {
            while (slots.Count < group.SlotsNeeded && runner.TryAcquire(group.SlotCapacity) is { } slot)
            {
                slots.Add(slot);
            }
        }
        catch (Exception failure)
        {
            slots.ForEach(runner.Release);
            step.Refused.Add((group, new EngineFailedException("The engine could not reserve memory for the request.", failure)));
            return true;
        }
        if (slots.Count == group.SlotsNeeded)
        {
            group.Admit(slots, tokenizer);
            running.Add(group);
            return true;
        }
        slots.ForEach(runner.Release);
        if (running.Count == 0)
        {
            step.Refused.Add((group, TooLarge(group)));
        }
        return running.Count == 0;
    }

    private void Decode(Step step)
    {
        foreach (var sequence in running.Where(group => group.IsPromptRead).SelectMany(group => group.Sequences))
        {
            if (sequence.Slot is not null)
            {
                step.Add(sequence, sequence.NextChunk(1));
            }
        }
    }

    private void Prefill(Step step)
    {
        // A newcomer waits a few steps at most, also when those who write use the budget up.
        var budget = Math.Max(tokenBudget - step.Tokens, tokenBudget / 4);
        var reading = running.Where(group => !group.IsPromptRead).ToList();
        while (budget > 0 && step.LogitRows < MaxLogitRows && reading.MinBy(LastTurn) is { } group)
        {
            var most = group.Request.ScorePrompt ? Math.Min(budget, MaxLogitRows - step.LogitRows) : budget;
            var chunk = group.Sequences[0].NextChunk(most);
            step.Add(group.Sequences[0], chunk);
            budget -= chunk.TokenIds.Length;
            reading.Remove(group);
            lastTurns[UserOf(group)] = ++turn;
        }
    }

    private bool IsWithinShare(SequenceGroup group) =>
        HeldByUser(group) is var held && (held == 0 || held + group.SlotsNeeded <= options.MaxRunningPerUser);

    private int HeldByUser(SequenceGroup group) =>
        running.Where(other => UserOf(other).Equals(UserOf(group))).Sum(other => other.SlotsHeld);

    private static InvalidRequestException TooLarge(SequenceGroup group) => new(
        group.SlotsNeeded > 1 ? nameof(SamplingParams.Sequences) : nameof(SamplingParams.MaxTokens),
        $"is too large: {group.SlotsNeeded} x {group.SlotCapacity} tokens do not fit into the engine's memory for keys and values (Engine:KvCacheBytes).");

    private long LastTurn(SequenceGroup group) => lastTurns[UserOf(group)];

    private static object UserOf(SequenceGroup group) => group.Request.User ?? (object)group;
}
