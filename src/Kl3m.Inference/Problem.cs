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

/// <summary>The engine's queue is full.</summary>
public sealed class EngineBusyException(int waiting, TimeSpan retryAfter)
    : Exception($"The line is full ({waiting} waiting). Try again in {Math.Ceiling(retryAfter.TotalSeconds)} s.")
{
    public int Waiting { get; } = waiting;

    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>A step of the engine failed, or the engine has stopped; what was written before stands.</summary>
public sealed class EngineFailedException(string message, Exception? cause = null) : Exception(message, cause);
