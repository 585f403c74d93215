using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Runs;

/// <summary>Rows of logits within one budget for the whole server: the oldest are dropped first. For any thread.</summary>
public sealed class LogitsMemory
{
    private readonly Lock gate = new();
    private readonly LinkedList<KeptRow> rows = [];
    private readonly long budget;
    private long held;

    public LogitsMemory(IOptions<RunOptions> options) => budget = options.Value.LogitsBytes;

    /// <summary>Whether there is any room at all.</summary>
    public bool Keeps => budget > 0;

    /// <summary>Bytes that are held now.</summary>
    public long Held => Interlocked.Read(ref held);

    /// <summary>Keeps a row for as long as there is room.</summary>
    internal KeptRow Keep(ReadOnlyMemory<float> logits)
    {
        var row = new KeptRow(logits);
        lock (gate)
        {
            rows.AddLast(row.Place);
            held += row.Bytes;
            while (held > budget && rows.First is { } oldest)
            {
                Drop(oldest.Value);
            }
        }
        return row;
    }

    /// <summary>Gives back what nobody can look at any more.</summary>
    internal void Release(IEnumerable<KeptRow?> given)
    {
        lock (gate)
        {
            foreach (var row in given)
            {
                if (row?.Place.List is not null)
                {
                    Drop(row);
                }
            }
        }
    }

    private void Drop(KeptRow row)
    {
        rows.Remove(row.Place);
        held -= row.Bytes;
        row.Drop();
    }
}
