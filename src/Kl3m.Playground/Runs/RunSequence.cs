using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>One continuation of a run. Written by the run, read by any thread.</summary>
public sealed class RunSequence
{
    private readonly Lock gate = new();
    private readonly StringBuilder text = new();
    private readonly AppendOnlyList<TokenGenerated> tokens = new();
    private readonly AppendOnlyList<KeptRow?> rows = new();
    private readonly int[] bins = new int[Surprise.Bins];
    private readonly int[] bands = new int[Surprise.Bins];
    private double nats;
    private volatile SequenceFinished? finished;

    /// <param name="branch">What stands before its own tokens; null for nothing.</param>
    internal RunSequence(int index, Branch? branch = null)
    {
        Index = index;
        if (branch is null)
        {
            return;
        }
        var from = branch.From.Sequences[branch.Sequence];
        for (var i = 0; i < branch.Position; i++)
        {
            Append(from.tokens[i], from.rows[i]);
        }
        // What was forced first stands where another token was drawn: the logits there are the same.
        foreach (var token in branch.Forced)
        {
            Append(token, tokens.Count == branch.Position && tokens.Count < from.rows.Count ? from.rows[tokens.Count] : null);
        }
        Inherited = tokens.Count;
    }

    public int Index { get; }

    public IReadOnlyList<TokenGenerated> Tokens => tokens;

    /// <summary>How many of the tokens were there when this run began.</summary>
    public int Inherited { get; }

    /// <summary>By position: the logits that the token was drawn from, where the generator handed them out.</summary>
    internal IReadOnlyList<KeptRow?> Rows => rows;

    /// <summary>How it ended; null while it is being written, and for good when the run failed or was stopped before.</summary>
    public SequenceFinished? Finished => finished;

    public string Text
    {
        get
        {
            lock (gate)
            {
                return text.ToString();
            }
        }
    }

    /// <summary>Counts and sums over all tokens so far, taken at one moment.</summary>
    public Surprise Measure()
    {
        lock (gate)
        {
            return new(tokens.Count, nats, [.. bins], [.. bands]);
        }
    }

    internal void Append(TokenGenerated token, KeptRow? row = null)
    {
        lock (gate)
        {
            rows.Append(row);
            text.Append(token.Text);
            nats -= token.Score.RawLogprob;
            bins[Surprise.Bin(token.Score.RawLogprob) - 1]++;
            bands[Surprise.Band(token.Score.Rank) - 1]++;
            tokens.Append(token);
        }
    }

    internal void Finish(SequenceFinished end) => finished = end;
}
