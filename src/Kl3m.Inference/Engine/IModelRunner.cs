namespace Kl3m.Inference.Engine;

/// <summary>
/// Runs the model on token ids. Owned by the engine's one thread: no member is called from another, and no tensor leaves it.
/// A slot holds the keys and values of one sequence.
/// </summary>
public interface IModelRunner : IDisposable
{
    int VocabularySize { get; }

    int ContextLength { get; }

    /// <summary>Room for the keys and values of all slots together.</summary>
    CacheRoom Room { get; }

    /// <summary>Blocks of <see cref="Room"/> that are held or reserved.</summary>
    int BlocksUsed { get; }

    /// <summary>Reserves room for <paramref name="capacity"/> tokens; returns the slot, or null when there is no room now.</summary>
    /// <param name="shared">Leading tokens that <see cref="CopyPrefix"/> will bring before the slot is run: see <see cref="CacheRoom.BlocksFor"/>.</param>
    int? TryAcquire(int capacity, int shared = 0);

    /// <summary>
    /// Makes <paramref name="target"/>'s first <paramref name="length"/> tokens those of <paramref name="source"/>; it holds none yet. Room that the
    /// two then share is given back.
    /// </summary>
    void CopyPrefix(int source, int target, int length);

    /// <summary>The slot gets no more tokens and only serves as a source of <see cref="CopyPrefix"/>: what is reserved beyond them is given back.</summary>
    void Retire(int slot);

    void Release(int slot);

    /// <summary>
    /// One step. Chunks may belong to different slots and have different lengths; each slot occurs once at most.
    /// Logits of the rows that ask for them are written to <paramref name="logits"/> in order, one row of
    /// <see cref="VocabularySize"/> floats each: for each chunk either none, the last position, or all of its positions.
    /// </summary>
    void Run(ReadOnlySpan<Chunk> chunks, Span<float> logits);
}

/// <summary>Tokens to append to a slot: they stand at positions <paramref name="Start"/>, Start + 1, ...</summary>
public readonly record struct Chunk(int Slot, int Start, ReadOnlyMemory<int> TokenIds, LogitsWanted Wanted)
{
    public int LogitRows => Wanted switch { LogitsWanted.None => 0, LogitsWanted.Last => 1, _ => TokenIds.Length };
}

public enum LogitsWanted
{
    None,
    Last,
    All,
}
