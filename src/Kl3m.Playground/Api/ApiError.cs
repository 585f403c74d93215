using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Api;

/// <summary>What went wrong, in the shape and words of OpenAI's API. Every refusal of the HTTP API and of the hub is one of these.</summary>
/// <param name="Param">The field that is wrong, by its name on the wire.</param>
internal sealed record ApiError(int Status, string Message, string Type, string? Param = null, string? Code = null, TimeSpan? RetryAfter = null)
{
    private const string CallersMistake = "invalid_request_error";
    private const string ServersMistake = "server_error";

    public static ApiError Invalid(string? param, string message, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message, CallersMistake, param, code);

    public static ApiError UnknownModel(string id, BackendCatalogue catalogue) =>
        new(StatusCodes.Status404NotFound, $"The model '{id}' does not exist. Loaded: {string.Join(", ", catalogue.All.Select(generator => generator.Model.Id))}.",
            CallersMistake, "model", "model_not_found");

    public static ApiError NoModel(BackendCatalogue catalogue) => catalogue.Phase is LoadPhase.Failed or LoadPhase.Unloaded
        ? new(StatusCodes.Status503ServiceUnavailable, $"No model is loaded: {catalogue.Error}", ServersMistake, null, "model_not_loaded", TimeSpan.FromSeconds(60))
        : new(StatusCodes.Status503ServiceUnavailable, $"The model is still loading ({catalogue.Phase}). Try again in a few seconds.", ServersMistake, null, "model_not_ready", TimeSpan.FromSeconds(5));

    /// <summary>A status that the pipeline set without saying why: unknown paths and wrong methods.</summary>
    public static ApiError ForStatus(int status, HttpRequest request) => status switch
    {
        StatusCodes.Status404NotFound => new(status, $"Unknown path: {request.Method} {request.Path}.", CallersMistake, null, "unknown_url"),
        StatusCodes.Status405MethodNotAllowed => new(status, $"{request.Path} does not take {request.Method}.", CallersMistake, null, "method_not_allowed"),
        StatusCodes.Status413PayloadTooLarge => TooLarge,
        < 500 => new(status, "The request could not be read.", CallersMistake),
        _ => new(status, "The server failed.", ServersMistake),
    };

    public static ApiError TooLarge { get; } =
        new(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {JsonBody.MaxBytes / (1024 * 1024)} MB.", CallersMistake, null, "body_too_large");

    public static ApiError From(Exception exception) => exception switch
    {
        ApiException refused => refused.Error,
        InvalidRequestException invalid => From(invalid.Problems),
        EngineBusyException busy => new(StatusCodes.Status429TooManyRequests, busy.Message, "rate_limit_error", null, "engine_busy", busy.RetryAfter),
        EngineFailedException { IsLeaving: true } leaving => new(StatusCodes.Status503ServiceUnavailable, leaving.Message, ServersMistake, null, "model_leaving", TimeSpan.FromMinutes(1)),
        EngineFailedException failed => new(StatusCodes.Status500InternalServerError, failed.Message, ServersMistake, null, "engine_failed"),
        BadHttpRequestException bad => bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge : new(bad.StatusCode, bad.Message, CallersMistake),
        _ => new(StatusCodes.Status500InternalServerError, "The server failed; its log says why.", ServersMistake),
    };

    public static ApiError From(IReadOnlyList<Problem> problems) =>
        Invalid(WireName(problems[0].Field), string.Join(' ', problems.Select(problem => $"{WireName(problem.Field)} {problem.Message}")));

    /// <summary>The engine's name of a setting as the wire has it.</summary>
    public static string WireName(string field) => field switch
    {
        nameof(SamplingParams.Sequences) => "n",
        nameof(SamplingParams.StopAtEnd) => "ignore_eos",
        nameof(GenerationRequest.PromptTokenIds) or "Text" => "prompt",
        nameof(GenerationRequest.Alternatives) => "logprobs",
        "TokenIds" => "tokens",
        _ => JsonNamingPolicy.SnakeCaseLower.ConvertName(field),
    };
}

/// <summary>Carries a refusal to the one place that writes it.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
