using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Engine;

/// <summary>
/// Decides what the next step computes, as vLLM does: one token of every sequence that is being written, then prompts in chunks under a
/// token budget. Users are admitted and read in turns. Room for all tokens that a request may come to is reserved when it is admitted, so
/// nothing is ever pushed out again. What another sequence has read, or is about to read, is not read again.
/// </summary>
/// <param name="options">Those for the runner's device: see <see cref="EngineOptions.On"/>.</param>
internal sealed class Scheduler(IModelRunner runner, Tokenizer tokenizer, EngineOptions options)
{
    /// <summary>Bounds the buffer for logits, whatever is to be scored.</summary>
    public const int MaxLogitRows = 1024;

    /// <summary>One part in so many of slots and memory is for users who have nothing in work yet.</summary>
    private const int NewcomersPart = 8;

    /// <summary>Below this many sequences a step is short enough for newcomers to wait for.</summary>
    private const int ManyDecodes = 8;

    private readonly AdmissionQueue waiting = new();
    private readonly List<SequenceGroup> running = [];
    private readonly PrefixCache prefixes = new(runner, options.MaxPrefixes);
    private readonly Dictionary<object, long> lastTurns = [];
    private long turn;
    private int toldVersion;
    private bool paused;

    public IEnumerable<SequenceGroup> Groups => running.Concat(waiting.Groups);

    public int SlotsHeld => running.Sum(group => group.SlotsHeld);

    /// <summary>Tokens of slots in work that were computed: what the engine has in memory for those who are served now.</summary>
    public long TokensHeld => running.Sum(group => group.Sequences.Sum(sequence => sequence.Slot is null ? 0L : sequence.Computed));

    /// <summary>Sequences that are over and kept for those who begin the same.</summary>
    public int PrefixesKept => prefixes.Count;

    public void Add(SequenceGroup group)
    {
        waiting.Add(group);
        lastTurns.TryAdd(group.User, 0);
    }

    public Step Schedule()
    {
        var step = new Step();
        Admit(step);
        // Who has nothing yet is not kept waiting for a long step of those who write; they pause for one step, never for two in a row.
        paused = !paused && running.Where(group => group.IsPromptRead).Sum(group => group.SlotsHeld) > ManyDecodes && running.Any(IsNewcomer);
        if (!paused)
        {
            Decode(step);
        }
        Prefill(step);
        if (paused && step.Tokens == 0)
        {
            Decode(step);
        }
        return step;
    }

    /// <summary>Tells those who still wait where they stand, if that has changed.</summary>
    public void TellPlaces(TimeSpan typicalStep)
    {
        if (toldVersion == waiting.Version)
        {
            return;
        }
        toldVersion = waiting.Version;
        var order = waiting.InOrder(HeldByUser()).ToList();
        var ends = running.SelectMany(group => group.Sequences.Where(sequence => sequence.Slot is not null)
            .Select(sequence => ((long)group.MaxTokens - sequence.Written, runner.Room.BlocksFor(group.SlotCapacity))));
        var starts = AdmissionForecast.Starts(ends, options.MaxRunning - SlotsHeld, runner.Room.Blocks - runner.BlocksUsed, order, runner.Room);
        var place = 0;
        foreach (var (group, steps) in order.Zip(starts))
        {
            group.TellPlace(++place, typicalStep > TimeSpan.Zero ? typicalStep * Math.Max(steps, 1) : null);
        }
    }

    /// <summary>Gives a sequence's slot back; harmless when that was done before.</summary>
    /// <param name="keep">Whether what the slot holds may serve others.</param>
    public void Release(Sequence sequence, bool keep = true)
    {
        if (sequence.Slot is not { } slot)
        {
            return;
        }
        sequence.Slot = null;
        if (keep)
        {
            prefixes.Keep(slot, sequence.Tokens[..sequence.Computed]);
        }
        else
        {
            runner.Release(slot);
        }
    }

    /// <param name="keep">False where what its slots hold may be wrong.</param>
    public void Remove(SequenceGroup group, bool keep = true)
    {
        foreach (var sequence in group.Sequences)
        {
            Release(sequence, keep);
        }
        if (!running.Remove(group))
        {
            waiting.Remove(group);
        }
        if (!Groups.Any(other => other.User.Equals(group.User)))
        {
            lastTurns.Remove(group.User);
            waiting.Forget(group.User);
        }
    }

    private void Admit(Step step)
    {
        // Nobody overtakes the one who is next: else small requests would keep a large one waiting for ever.
        while (waiting.Groups.Count > 0 && waiting.Next(HeldByUser(), options.MaxRunningPerUser) is { } group && TryStart(group, step))
        {
            waiting.Admit(group);
        }
    }

    private bool TryStart(SequenceGroup group, Step step)
    {
        var isNew = running.All(other => !other.User.Equals(group.User));
        if (SlotsHeld + group.SlotsNeeded > options.MaxRunning - (isNew ? 0 : options.MaxRunning / NewcomersPart))
        {
            return false;
        }
        (List<int> Slots, Prefix? Prefix)? room;
        do
        {
            try
            {
                room = TryAcquire(group, isNew ? 0 : runner.Room.Blocks / NewcomersPart);
            }
            catch (Exception failure)
            {
                step.Refused.Add((group, new EngineFailedException("The engine could not reserve memory for the request.", failure)));
                return true;
            }
        }
        while (room is null && prefixes.DropOldest());
        if (room is var (slots, prefix))
        {
            group.Admit(slots, tokenizer);
            running.Add(group);
            if (prefix is not null)
            {
                Take(prefix, group, step);
            }
            return true;
        }
        if (running.Count == 0)
        {
            step.Refused.Add((group, new EngineFailedException("There is no room for the request, though nothing else runs.")));
        }
        return running.Count == 0;
    }

    /// <summary>A slot for each sequence, or none at all; with the prefix that the first one is to take over at once.</summary>
    /// <param name="spare">Blocks that must stay free.</param>
    private (List<int> Slots, Prefix? Prefix)? TryAcquire(SequenceGroup group, int spare)
    {
        var prefix = FindPrefix(group, running.Count) is { IsReady: true } ready ? ready : null;
        var slots = new List<int>();
        try
        {
            while (slots.Count < group.SlotsNeeded && runner.TryAcquire(group.SlotCapacity, slots.Count > 0 ? group.Prompt.Length : prefix?.Length ?? 0) is { } slot)
            {
                slots.Add(slot);
            }
        }
        catch
        {
            slots.ForEach(runner.Release);
            throw;
        }
        if (slots.Count == group.SlotsNeeded && runner.Room.Blocks - runner.BlocksUsed >= spare)
        {
            return (slots, prefix);
        }
        slots.ForEach(runner.Release);
        return null;
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
        var budget = Math.Max(options.TokenBudget - step.Tokens, options.TokenBudget / 4);
        var reading = running.Where((group, index) => !group.IsPromptRead && IsForItToRead(group, index, step)).ToList();
        while (budget > 0 && step.LogitRows < MaxLogitRows && reading.MinBy(group => (group.Request.Priority, lastTurns[group.User])) is { } group)
        {
            var most = group.Request.ScorePrompt ? Math.Min(budget, MaxLogitRows - step.LogitRows) : budget;
            var chunk = group.Sequences[0].NextChunk(most);
            step.Add(group.Sequences[0], chunk);
            budget -= chunk.TokenIds.Length;
            reading.Remove(group);
            lastTurns[group.User] = ++turn;
        }
    }
    /// <summary>False while somebody before it reads the same beginning: it is taken over once it is read.</summary>
    private bool IsForItToRead(SequenceGroup group, int index, Step step)
    {
        if (group.Sequences[0].Computed > 0 || FindPrefix(group, index) is not { } prefix)
        {
            return true;
        }
        if (prefix.IsReady)
        {
            Take(prefix, group, step);
        }
        return prefix.IsReady;
    }

    /// <summary>The longest beginning of the prompt that is in memory or will be.</summary>
    /// <param name="before">Only those who were admitted before this one are waited for, so that nobody waits for each other.</param>
    private Prefix? FindPrefix(SequenceGroup group, int before)
    {
        if (group.Request.ScorePrompt)
        {
            return null;
        }
        // The last token is always read, for the logits behind it.
        var wanted = group.Prompt.AsSpan(0, group.Prompt.Length - 1);
        var best = prefixes.Find(wanted) is var (slot, length) ? new Prefix(slot, length, IsReady: true) : null;
        foreach (var sequence in running.Take(before).SelectMany(other => other.IsPromptRead ? other.Sequences : [other.Sequences[0]]))
        {
            if (sequence.Slot is not { } other)
            {
                continue;
            }
            var common = wanted.CommonPrefixLength(sequence.Tokens);
            if (sequence.Group.IsPromptRead)
            {
                common = Math.Min(common, sequence.Computed);
            }
            if (common > (best?.Length ?? 0))
            {
                best = new(other, common, IsReady: common <= sequence.Computed);
            }
        }
        return best?.Length >= PrefixCache.Shortest ? best : null;
    }

    private void Take(Prefix prefix, SequenceGroup group, Step step)
    {
        var first = group.Sequences[0];
        runner.CopyPrefix(prefix.Slot, first.Slot!.Value, prefix.Length);
        first.Computed = prefix.Length;
        step.TokensTakenOver += prefix.Length;
        group.PromptRead(prefix.Length);
    }

    /// <summary>It still reads, the end is near, and its user has nothing else in work.</summary>
    private bool IsNewcomer(SequenceGroup group) =>
        !group.IsPromptRead && group.Prompt.Length - group.Sequences[0].Computed <= options.TokenBudget
        && running.All(other => other == group || !other.User.Equals(group.User));

    private Dictionary<object, int> HeldByUser() => running.GroupBy(group => group.User).ToDictionary(user => user.Key, user => user.Sum(group => group.SlotsHeld));

    /// <param name="IsReady">All of it has been computed; otherwise its sequence is reading it now.</param>
    private sealed record Prefix(int Slot, int Length, bool IsReady);
}
