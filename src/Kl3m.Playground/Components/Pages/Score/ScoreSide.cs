using Kl3m.Inference;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>One of the readings on the page: what is to be read, and what came of it. Belongs to the circuit's thread, but for how far it is.</summary>
internal sealed class ScoreSide
{
    private long progress;

    public string Text { get; set; } = "";

    /// <summary>The model that reads it; null is the one that is served by default.</summary>
    public string? ModelId { get; set; }

    public ScoredText? Result { get; set; }

    public ITextGenerator? Reader { get; set; }

    public bool IsReading { get; set; }

    /// <summary>Why there is no result, as a sentence.</summary>
    public Exception? Error { get; set; }

    /// <summary>0 to 1 while it is being read.</summary>
    public double Progress => Interlocked.Read(ref progress) is var value && (int)value is var total && total > 0 ? (double)(value >> 32) / total : 0;

    public void Report(int done, int total) => Interlocked.Exchange(ref progress, ((long)done << 32) | (uint)total);
}
