using Kl3m.Playground.Edge.SignIn;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>The page that asks for the access code. It needs no script and no circuit: who has no code gets none.</summary>
internal static partial class AccessPages
{
    public const string Path = "/access";
    internal const int MaxFormBytes = 16 * 1024;

    public static void MapAccess(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<SignInOptions>>().Value.IsSet)
        {
            app.MapSignIn();
        }
        if (string.IsNullOrEmpty(app.Services.GetRequiredService<IOptions<AccessOptions>>().Value.Code))
        {
            return;
        }
        app.MapGet(Path, (string? next) => Page(next)).ExcludeFromDescription();
        // The endpoint checks for itself, so that a form that was open for too long gets an answer for people.
        app.MapPost(Path, EnterAsync).DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxFormBytes)).ExcludeFromDescription();
    }

    private static async Task<IResult> EnterAsync(
        HttpContext context, IAntiforgery antiforgery, IOptions<AccessOptions> access, AccessCookie cookie, AttemptLimit attempts, ILogger<AccessGate> logger)
    {
        if (!context.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(context))
        {
            return Page(context.Request.Query["next"], "This page was open for too long. Enter the code again.", StatusCodes.Status400BadRequest);
        }
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (code, next) = (form["code"].ToString(), form["next"].ToString());
        var client = Client.Of(context.Connection.RemoteIpAddress);
        if (!attempts.TryBegin(client))
        {
            LogTooMany(logger, client);
            context.Response.Headers.RetryAfter = "60";
            return Page(next, "Too many wrong codes from your network. Wait a minute, then try again.", StatusCodes.Status429TooManyRequests);
        }
        if (!Secret.Matches(code.Trim(), access.Value.Code!.Trim()))
        {
            LogWrong(logger, client);
            return Page(next, "That is not the code. Capital letters count.", StatusCodes.Status403Forbidden);
        }
        attempts.Succeeded(client);
        cookie.Give(context);
        return Results.LocalRedirect(Local(next));
    }

    private static RazorComponentResult Page(string? next, string? problem = null, int status = StatusCodes.Status200OK) =>
        new(typeof(AccessPage), new Dictionary<string, object?> { [nameof(AccessPage.Next)] = Local(next), [nameof(AccessPage.Problem)] = problem }) { StatusCode = status };

    /// <summary>Only a path of this server: a link must not be able to lead on to somebody else's page.</summary>
    internal static string Local(string? next) =>
        next is ['/', .. var rest] && rest is not (['/' or '\\', ..]) && !next.Any(char.IsControl) && !next.StartsWith(Path, StringComparison.OrdinalIgnoreCase) ? next : "/";

    [LoggerMessage(LogLevel.Warning, "A wrong access code from {Client}")]
    private static partial void LogWrong(ILogger logger, string client);

    [LoggerMessage(LogLevel.Warning, "Too many wrong access codes from {Client}")]
    private static partial void LogTooMany(ILogger logger, string client);
}
