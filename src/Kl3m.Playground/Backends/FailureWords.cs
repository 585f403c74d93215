using Kl3m.Inference;

namespace Kl3m.Playground.Backends;

/// <summary>What a page says where a model was asked and did not answer.</summary>
internal static class FailureWords
{
    /// <summary>A sentence for whatever a generator throws; a remote server may fail in ways of its own, and those are not for people's eyes.</summary>
    public static string Of(Exception failure) => failure switch
    {
        InvalidRequestException mistake => string.Join(' ', mistake.Problems.Select(problem => $"{problem.Field} {problem.Message}")),
        EngineBusyException busy => $"The engine's line is full; try again in {Math.Ceiling(busy.RetryAfter.TotalSeconds)} s.",
        EngineFailedException => failure.Message,
        _ => "The model did not answer. Try again.",
    };

    /// <summary>Whether the log should know: the caller's mistakes and a full line are told to the caller alone.</summary>
    public static bool IsUnexpected(Exception failure) => failure is not (InvalidRequestException or EngineBusyException);
}
