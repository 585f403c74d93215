using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>One continuation of a run. Written by the run, read by any thread.</summary>
public sealed class RunSequence
{
    private readonly Lock gate = new();
    private readonly StringBuilder text = new();
    private readonly AppendOnlyList<TokenGenerated> tokens = new();
    private readonly int[] bins = new int[Surprise.Bins];
    private readonly int[] bands = new int[Surprise.Bins];
    private double nats;
    private volatile SequenceFinished? finished;

    internal RunSequence(int index) => Index = index;

    public int Index { get; }

    public IReadOnlyList<TokenGenerated> Tokens => tokens;

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

    internal void Append(TokenGenerated token)
    {
        lock (gate)
        {
            text.Append(token.Text);
            nats -= token.Score.RawLogprob;
            bins[Surprise.Bin(token.Score.RawLogprob) - 1]++;
            bands[Surprise.Band(token.Score.Rank) - 1]++;
            tokens.Append(token);
        }
    }

    internal void Finish(SequenceFinished end) => finished = end;
}
