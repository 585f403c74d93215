namespace Kl3m.Playground.Runs;

/// <summary>Where a run stands.</summary>
public enum RunStatus
{
    /// <summary>Asked for; no step has been made for it.</summary>
    Queued,

    /// <summary>The prompt is being read.</summary>
    Prefill,

    Writing,

    /// <summary>Every sequence came to its end.</summary>
    Done,

    /// <summary>The person stopped it; what was written stands.</summary>
    Stopped,

    /// <summary>The engine or the request was at fault; what was written stands.</summary>
    Failed,
}
