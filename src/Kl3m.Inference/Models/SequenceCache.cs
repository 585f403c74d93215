namespace Kl3m.Inference.Models;

/// <summary>Keys and values of one sequence, for all layers. Keys are stored turned: a prefix may be another sequence's too, but not stand elsewhere.</summary>
internal abstract class SequenceCache(int capacity) : IDisposable
{
    public int Capacity { get; } = capacity;

    /// <summary>Tokens that are in it.</summary>
    public int Length { get; set; }

    /// <summary>Makes the first <paramref name="length"/> tokens those of <paramref name="source"/>, a cache of the same kind.</summary>
    public abstract void CopyPrefix(SequenceCache source, int length);

    /// <summary>Gives back what was reserved beyond the tokens that are in it; none can be added any more.</summary>
    public abstract void Trim();

    public abstract void Dispose();
}
