using System.Security.Claims;
using Kl3m.Playground.Edge;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;

namespace Kl3m.Playground.Administration;

/// <summary>Signing in and out by plain form posts, and the mark on every request (and so on every circuit) of one who may.</summary>
internal static partial class AdministratorApi
{
    private const int MaxFormBytes = 16 * 1024;

    public static void AddAdministrator(this IServiceCollection services)
    {
        services.AddOptions<AdministratorOptions>().BindConfiguration("Admin");
        services.AddSingleton<Administrator>();
    }

    public static void UseAdministrator(this WebApplication app) => app.Use((context, next) =>
    {
        var administrator = context.RequestServices.GetRequiredService<Administrator>();
        if (administrator.IsLocal(context.Request) || administrator.IsTicket(context.Request.Cookies[Administrator.Cookie]))
        {
            // A claim and no authentication: who somebody is stays another matter.
            context.User.AddIdentity(new ClaimsIdentity([new Claim(Administrator.Claim, "yes")]));
        }
        return next(context);
    });

    // The endpoints check for themselves, so that a form that was open for too long gets an answer for people.
    public static void MapAdministrator(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/models/sign-in", SignInAsync).DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxFormBytes)).ExcludeFromDescription();
        routes.MapPost("/models/sign-out", SignOutAsync).DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxFormBytes)).ExcludeFromDescription();
    }

    private static async Task<IResult> SignInAsync(HttpContext context, IAntiforgery antiforgery, Administrator administrator, ILogger<Administrator> logger)
    {
        if (!context.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(context))
        {
            return Results.LocalRedirect("/models?signin=stale");
        }
        var (client, form) = (Client.Of(context.Connection.RemoteIpAddress), await context.Request.ReadFormAsync(context.RequestAborted));
        if (!administrator.HasPassphrase || !administrator.Attempts.TryBegin(client))
        {
            return Results.LocalRedirect("/models?signin=wait");
        }
        if (!administrator.IsPassphrase(form["passphrase"]))
        {
            LogWrong(logger, client);
            return Results.LocalRedirect("/models?signin=wrong");
        }
        administrator.Attempts.Succeeded(client);
        context.Response.Cookies.Append(Administrator.Cookie, administrator.Ticket(), Settings(context));
        LogSignedIn(logger, client);
        return Results.LocalRedirect("/models");
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery)
    {
        if (await antiforgery.IsRequestValidAsync(context))
        {
            context.Response.Cookies.Delete(Administrator.Cookie, Settings(context));
        }
        return Results.LocalRedirect("/models");
    }

    private static CookieOptions Settings(HttpContext context) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, IsEssential = true, Path = "/" };

    [LoggerMessage(LogLevel.Warning, "A wrong passphrase of the administrator from {Client}")]
    private static partial void LogWrong(ILogger logger, string client);

    [LoggerMessage(LogLevel.Information, "The administrator signed in from {Client}")]
    private static partial void LogSignedIn(ILogger logger, string client);
}
