using Kl3m.Inference.Engine;

namespace Kl3m.Tests.Shared;

/// <summary>
/// A model runner without a model. The logits behind a token depend on the tokens that its slot holds up to it and on nothing else, so
/// that tokens which got into the wrong slot, row or place show. It throws at every breach of the contract of <see cref="IModelRunner"/>.
/// </summary>
internal sealed class FakeModelRunner(int vocabularySize = ByteTokenizer.VocabularySize, int contextLength = 256) : IModelRunner
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, (int Capacity, int Taken, List<int> Tokens)> slots = [];
    private readonly HashSet<int> retired = [];
    private readonly List<TaskCompletionSource> untilReleased = [];
    private readonly List<IReadOnlyList<Chunk>> steps = [];
    private readonly int thread = Environment.CurrentManagedThreadId;
    private int lastSlot;

    public int VocabularySize => vocabularySize;

    public int ContextLength => contextLength;

    /// <summary>Tokens of all slots together; what slots share takes room once.</summary>
    public int Room { get; init; } = int.MaxValue;

    CacheRoom IModelRunner.Room => new(Room, 1, IsShared: true);

    public int BlocksUsed
    {
        get
        {
            lock (gate)
            {
                return (int)Math.Min(slots.Values.Sum(slot => (long)slot.Taken), int.MaxValue);
            }
        }
    }

    /// <summary>The token that is by far the most likely behind those given; null leaves it to chance.</summary>
    public Func<IReadOnlyList<int>, int?>? Script { get; init; }

    /// <summary>Called on the engine's thread as each step starts; may block or throw.</summary>
    public Action<IReadOnlyList<Chunk>>? BeforeStep { get; set; }

    /// <summary>Changes a row of logits, given the tokens up to it.</summary>
    public Action<IReadOnlyList<int>, Span<float>>? Spoil { get; init; }

    public bool IsDisposed { get; private set; }

    /// <summary>What each step ran, the warm-up first.</summary>
    public IReadOnlyList<IReadOnlyList<Chunk>> Steps
    {
        get
        {
            lock (gate)
            {
                return [.. steps];
            }
        }
    }

    /// <summary>Slots in use; not those that only serve as sources any more.</summary>
    public IReadOnlyCollection<int> Slots
    {
        get
        {
            lock (gate)
            {
                return [.. slots.Keys.Except(retired)];
            }
        }
    }

    /// <summary>How many tokens were copied from other slots.</summary>
    public int Copied { get; private set; }

    /// <summary>Completes when no slot is in use.</summary>
    public Task AllReleased()
    {
        lock (gate)
        {
            var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            untilReleased.Add(released);
            Changed();
            return released.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public int? TryAcquire(int capacity, int shared = 0)
    {
        lock (gate)
        {
            Check(capacity is > 0 && capacity <= contextLength && shared >= 0 && shared <= capacity, $"a slot of {capacity} tokens, {shared} shared");
            if (capacity - shared > Room - slots.Values.Sum(slot => (long)slot.Taken))
            {
                return null;
            }
            slots.Add(++lastSlot, (capacity, capacity - shared, []));
            return lastSlot;
        }
    }

    public void CopyPrefix(int source, int target, int length)
    {
        lock (gate)
        {
            var (from, to) = (Find(source), Find(target));
            Check(length <= from.Tokens.Count && length <= to.Capacity && to.Tokens.Count == 0, $"copying {length} tokens");
            Check(to.Capacity - length <= to.Taken, $"sharing {length} tokens, less than was said");
            to.Tokens.AddRange(from.Tokens.Take(length));
            slots[target] = to with { Taken = to.Capacity - length };
            Copied += length;
        }
    }

    public void Retire(int slot)
    {
        lock (gate)
        {
            var held = Find(slot);
            slots[slot] = held with { Taken = Math.Min(held.Taken, held.Tokens.Count) };
            retired.Add(slot);
            Changed();
        }
    }

    public void Release(int slot)
    {
        lock (gate)
        {
            Find(slot);
            slots.Remove(slot);
            retired.Remove(slot);
            Changed();
        }
    }

    public void Run(ReadOnlySpan<Chunk> chunks, Span<float> logits)
    {
        Chunk[] step = [.. chunks];
        BeforeStep?.Invoke(step);
        lock (gate)
        {
            steps.Add([.. step.Select(chunk => chunk with { TokenIds = chunk.TokenIds.ToArray() })]);
            Check(step.DistinctBy(chunk => chunk.Slot).Count() == step.Length, "a slot twice in a step");
            Check(step.Sum(chunk => chunk.LogitRows) * vocabularySize == logits.Length, $"{logits.Length} logits");
            foreach (var chunk in step)
            {
                var (capacity, _, tokens) = Find(chunk.Slot);
                Check(!retired.Contains(chunk.Slot), $"a step of slot {chunk.Slot}, which was retired");
                Check(chunk.Start == tokens.Count, $"tokens at {chunk.Start} of a slot that holds {tokens.Count}");
                Check(chunk.TokenIds.Length > 0 && tokens.Count + chunk.TokenIds.Length <= capacity, $"{chunk.TokenIds.Length} tokens more than {tokens.Count} of {capacity}");
                foreach (var id in chunk.TokenIds.Span)
                {
                    Check(id >= 0 && id < vocabularySize, $"token {id}");
                    tokens.Add(id);
                    if (chunk.Wanted == LogitsWanted.All || (chunk.Wanted == LogitsWanted.Last && tokens.Count == chunk.Start + chunk.TokenIds.Length))
                    {
                        WriteLogits(tokens, logits[..vocabularySize]);
                        logits = logits[vocabularySize..];
                    }
                }
            }
        }
    }

    public void Dispose()
    {
        Check(!IsDisposed, "disposed twice");
        IsDisposed = true;
    }

    /// <summary>The row of logits behind these tokens.</summary>
    public void WriteLogits(IReadOnlyList<int> tokens, Span<float> row)
    {
        var hash = 14695981039346656037UL;
        foreach (var id in tokens)
        {
            hash = (hash ^ (ulong)id) * 1099511628211UL;
        }
        for (var id = 0; id < row.Length; id++)
        {
            var mixed = (hash + (ulong)id) * 0x9E3779B97F4A7C15UL;
            mixed = (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9UL;
            row[id] = (mixed >> 40) / (float)(1 << 24) * 8 - 4;
        }
        if (Script?.Invoke(tokens) is { } likely)
        {
            row[likely] = 60;
        }
        Spoil?.Invoke(tokens, row);
    }

    private (int Capacity, int Taken, List<int> Tokens) Find(int slot)
    {
        Check(slots.ContainsKey(slot), $"slot {slot}, which is not in use");
        return slots[slot];
    }

    private void Changed()
    {
        if (slots.Count == retired.Count)
        {
            untilReleased.ForEach(released => released.TrySetResult());
            untilReleased.Clear();
        }
    }

    private void Check(bool holds, string what)
    {
        if (!holds || IsDisposed || Environment.CurrentManagedThreadId != thread)
        {
            throw new InvalidOperationException($"The engine broke the runner's contract: {what}{(IsDisposed ? ", disposed" : "")}, thread {Environment.CurrentManagedThreadId}.");
        }
    }
}
