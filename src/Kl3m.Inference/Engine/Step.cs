namespace Kl3m.Inference.Engine;

/// <summary>What one pass through the model computes, in the order of the rows of logits that come out.</summary>
internal sealed class Step
{
    private readonly List<(Sequence Sequence, Chunk Chunk)> items = [];

    public IReadOnlyList<(Sequence Sequence, Chunk Chunk)> Items => items;

    public Chunk[] Chunks => [.. items.Select(item => item.Chunk)];

    public int Tokens { get; private set; }

    public int LogitRows { get; private set; }

    /// <summary>Prompt tokens that need not be read, since other sequences have read them.</summary>
    public int TokensTakenOver { get; set; }

    /// <summary>Requests that can't be run, with the reason.</summary>
    public List<(SequenceGroup Group, Exception Reason)> Refused { get; } = [];

    public void Add(Sequence sequence, Chunk chunk)
    {
        items.Add((sequence, chunk));
        Tokens += chunk.TokenIds.Length;
        LogitRows += chunk.LogitRows;
    }
}
