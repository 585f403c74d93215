namespace Kl3m.Inference;

/// <summary>
/// Ends single sequences of a running request; what they wrote stands, and the others go on. Given with the request
/// (<see cref="GenerationRequest.Stops"/>), used from any thread.
/// </summary>
public sealed class SequenceStops
{
    private readonly Lock gate = new();
    private readonly HashSet<int> asked = [];
    private volatile bool isHeard;

    /// <summary>The generator listens; one that can't end single sequences never does.</summary>
    public bool IsHeard => isHeard;

    /// <summary>Ends the sequence before the next step, once its prompt is read, with <see cref="FinishReason.Cancelled"/>.</summary>
    public void Stop(int sequenceIndex)
    {
        lock (gate)
        {
            asked.Add(sequenceIndex);
        }
    }

    internal void Hear() => isHeard = true;

    internal bool Contains(int sequenceIndex)
    {
        lock (gate)
        {
            return asked.Contains(sequenceIndex);
        }
    }
}
