using System.Globalization;

namespace Kl3m.Playground.Api;

/// <summary>The one place where refusals of the HTTP API are written: exceptions, unknown paths, wrong methods.</summary>
internal static partial class ApiErrors
{
    public static void UseApiErrors(this WebApplication app) =>
        app.UseWhen(context => IsApi(context.Request.Path), api => api.Use(AnswerAsync));

    /// <summary>
    /// Takes the API's paths away from the pages' catch-all: other methods of a path are 405, other paths under /v1 are 404. Routing
    /// prefers an endpoint that names its methods, and a path that is spelled out.
    /// </summary>
    public static void MapApiRefusals(this IEndpointRouteBuilder routes)
    {
        foreach (var (path, method) in (ReadOnlySpan<(string, string)>)
            [("/v1/completions", "POST"), ("/v1/models", "GET"), ("/v1/models/{**id}", "GET"), ("/tokenize", "POST"), ("/detokenize", "POST")])
        {
            routes.Map(path, (HttpResponse response) =>
            {
                response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                response.Headers.Allow = method;
            }).ExcludeFromDescription();
        }
        routes.Map("/v1/{**path}", (HttpResponse response) => { response.StatusCode = StatusCodes.Status404NotFound; }).ExcludeFromDescription();
    }

    private static bool IsApi(PathString path) =>
        path.StartsWithSegments("/v1") || path.StartsWithSegments("/tokenize") || path.StartsWithSegments("/detokenize");

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        ApiError? error = null;
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
            {
                error = ApiError.ForStatus(context.Response.StatusCode, context.Request);
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // nobody is there to read an answer
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            error = ApiError.From(exception);
            if (error.Status >= 500 && exception is not ApiException)
            {
                LogFailed(Logger(context), context.Request.Path, exception);
            }
        }
        if (error is not null)
        {
            await WriteAsync(context.Response, error);
        }
    }

    private static Task WriteAsync(HttpResponse response, ApiError error)
    {
        response.StatusCode = error.Status;
        if (error.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }
        return response.WriteAsJsonAsync(ErrorBody.Of(error), ApiJson.Wire.ErrorBody);
    }

    internal static ILogger Logger(HttpContext context) =>
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ApiErrors).FullName!);

    [LoggerMessage(LogLevel.Error, "{Path} failed")]
    internal static partial void LogFailed(ILogger logger, string path, Exception exception);
}

/// <summary>OpenAI's error object.</summary>
internal sealed record ErrorBody(ErrorDetail Error)
{
    public static ErrorBody Of(ApiError error) => new(new ErrorDetail(error.Message, error.Type, error.Param, error.Code));
}

internal sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);
