namespace Kl3m.Playground.Classroom.Nodes;

/// <summary>
/// Where several web nodes keep rooms together: states that are replaced only by whoever knows the newest, lists that grow, and words that reach
/// every node. It knows bytes, not rooms. A node that has no such thing is the only one.
/// </summary>
/// <remarks>Every member throws <see cref="BoardAwayException"/> where the board does not answer in time.</remarks>
internal abstract class RoomBoard
{
    /// <summary>What a node said, this one too. Raised one by one, on any thread.</summary>
    public event Action<ReadOnlyMemory<byte>>? Heard;

    /// <summary>The line is back after it was away; what was said meanwhile was not heard, and what was kept may be lost.</summary>
    public event Action? Returned;

    /// <summary>A room's newest state; null where none is kept.</summary>
    public abstract Task<byte[]?> ReadRoomAsync(string code);

    /// <summary>
    /// Puts a room's next state in the place of the known one, and says the words if it did: in one step, so that of two nodes with the same
    /// idea one comes second. Where nothing is kept, it was lost, and the state is put there.
    /// </summary>
    /// <param name="known">The newest version that the caller has; at least that of what may be replaced.</param>
    /// <returns>Null when it stands there now; else the newer state that was left as it is.</returns>
    public abstract Task<byte[]?> WriteRoomAsync(string code, long known, long version, byte[] state, byte[] words);

    /// <summary>What is kept by a name; null where nothing is.</summary>
    public abstract Task<byte[]?> ReadAsync(string name);

    /// <summary>Keeps bytes by a name, in the place of what was there.</summary>
    public abstract Task WriteAsync(string name, byte[] bytes);

    /// <summary>What a list holds from a place on, counted from 0; empty where it ends before, or is not there.</summary>
    public abstract Task<IReadOnlyList<byte[]>> ReadListAsync(string name, int from);

    /// <summary>Appends to a list that is exactly so long, and says the words if it did.</summary>
    /// <returns>How long the list is now.</returns>
    public abstract Task<int> AppendAsync(string name, int length, IReadOnlyList<byte[]> pieces, byte[] words);

    /// <summary>Says something to whoever listens now.</summary>
    public abstract Task SayAsync(byte[] words);

    protected void Hear(ReadOnlyMemory<byte> words) => Heard?.Invoke(words);

    protected void Return() => Returned?.Invoke();
}

/// <summary>The nodes cannot reach what they share.</summary>
internal sealed class BoardAwayException(Exception? cause = null) : Exception("What the nodes share does not answer.", cause);
