namespace Kl3m.Inference;

/// <summary>A caller's mistake: the setting by its C# name and what is wrong with it, as the end of a sentence that starts with the name.</summary>
public sealed record Problem(string Field, string Message);

/// <summary>The request breaks a rule of the model or the engine; nothing was started.</summary>
public sealed class InvalidRequestException(IReadOnlyList<Problem> problems)
    : Exception(string.Join(' ', problems.Select(problem => $"{problem.Field} {problem.Message}")))
{
    public InvalidRequestException(string field, string message) : this([new Problem(field, message)])
    {
    }

    public IReadOnlyList<Problem> Problems { get; } = problems;
}

/// <summary>The engine's queue is full, or the user's share of it.</summary>
public sealed class EngineBusyException : Exception
{
    /// <param name="waiting">Requests that wait, of all users.</param>
    /// <param name="own">Those of this user, where they are what is too much.</param>
    public EngineBusyException(int waiting, TimeSpan retryAfter, int? own = null) : base(
        (own is { } yours ? $"{yours} of your requests wait already, and no user may have more in the line." : $"The line is full ({waiting} waiting).")
        + $" Try again in {Math.Ceiling(retryAfter.TotalSeconds)} s.")
    {
        Waiting = waiting;
        RetryAfter = retryAfter;
        Own = own;
    }

    /// <param name="reason">A limit that is not the line's, a sentence.</param>
    public EngineBusyException(string reason, TimeSpan retryAfter) : base($"{reason} Try again in {Math.Ceiling(retryAfter.TotalSeconds)} s.")
    {
        Reason = reason;
        RetryAfter = retryAfter;
    }

    /// <summary>What is used up, where it is not the line; else null.</summary>
    public string? Reason { get; }

    public int Waiting { get; }

    public TimeSpan RetryAfter { get; }

    /// <summary>How many of the user's own requests wait, where the user's share of the line is full; null where the whole line is.</summary>
    public int? Own { get; }
}

/// <summary>A step of the engine failed, or the engine has stopped; what was written before stands.</summary>
public sealed class EngineFailedException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Nothing is broken: the model is being taken away. The same request may be asked again, later or of another.</summary>
    public bool IsLeaving { get; init; }
}
