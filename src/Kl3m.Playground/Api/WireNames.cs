using Kl3m.Inference;

namespace Kl3m.Playground.Api;

/// <summary>How a sequence's end is called on the wire.</summary>
internal static class WireNames
{
    public static string WireName(this FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => "abort", // vLLM's word
    };

    /// <summary>The stop text, else the end token's id, else null.</summary>
    public static object? WireStopReason(this SequenceFinished finished) => finished.StopText is { } text ? text : finished.StopTokenId;
}
