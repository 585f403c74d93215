namespace Kl3m.Inference;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>An end token or a stop text.</summary>
    Stop,

    /// <summary>The most tokens asked for were written.</summary>
    Length,

    /// <summary>The caller went away.</summary>
    Cancelled,
}
