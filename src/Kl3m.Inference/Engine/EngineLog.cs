using Microsoft.Extensions.Logging;

namespace Kl3m.Inference.Engine;

internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "Engine ready: {Model} on {Device}, {Dtype}, {Budget} tokens per step.")]
    public static partial void Ready(this ILogger log, string model, string device, string dtype, int budget);

    [LoggerMessage(2, LogLevel.Debug, "Request taken: {PromptTokens} prompt tokens, {Sequences} x {MaxTokens} to write, seed {Seed}.")]
    public static partial void RequestTaken(this ILogger log, int promptTokens, int sequences, int maxTokens, ulong seed);

    [LoggerMessage(3, LogLevel.Trace, "Prompt: {Prompt}")]
    public static partial void Prompt(this ILogger log, string? prompt);

    [LoggerMessage(4, LogLevel.Warning, "A request can't be run.")]
    public static partial void RequestRefused(this ILogger log, Exception reason);

    [LoggerMessage(5, LogLevel.Error, "A step failed ({Sequences} sequences, {Tokens} tokens); its requests end, the engine goes on.")]
    public static partial void StepFailed(this ILogger log, Exception failure, int sequences, int tokens);

    [LoggerMessage(6, LogLevel.Error, "Sampling failed; its request ends, the others go on.")]
    public static partial void SamplingFailed(this ILogger log, Exception? failure);

    [LoggerMessage(7, LogLevel.Critical, "The engine has stopped and takes no more requests.")]
    public static partial void Stopped(this ILogger log, Exception failure);
}
