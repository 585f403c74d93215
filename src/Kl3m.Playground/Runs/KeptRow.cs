namespace Kl3m.Playground.Runs;

/// <summary>A position's logits by token id, as the sampler saw them, until the memory is needed for newer ones.</summary>
internal sealed class KeptRow
{
    private volatile object? logits; // boxed, so that it is read and dropped in one piece

    public KeptRow(ReadOnlyMemory<float> logits)
    {
        this.logits = logits;
        Bytes = (long)sizeof(float) * logits.Length;
        Place = new(this);
    }

    public long Bytes { get; }

    /// <summary>Among the rows of the memory that holds it.</summary>
    internal LinkedListNode<KeptRow> Place { get; }

    /// <summary>Null once it was dropped.</summary>
    public ReadOnlyMemory<float>? Logits => logits is ReadOnlyMemory<float> held ? held : default(ReadOnlyMemory<float>?);

    internal void Drop() => logits = null;
}
