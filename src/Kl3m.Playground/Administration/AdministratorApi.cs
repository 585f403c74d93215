using System.Security.Claims;
using Microsoft.AspNetCore.Mvc;

namespace Kl3m.Playground.Administration;

/// <summary>Signing in and out by plain form posts, and the mark on every request (and so on every circuit) of one who may.</summary>
internal static partial class AdministratorApi
{
    public static void AddAdministrator(this IServiceCollection services)
    {
        services.AddOptions<AdministratorOptions>().BindConfiguration("Admin");
        services.AddDataProtection();
        services.AddSingleton<Administrator>();
        services.AddSingleton<SignInAttempts>();
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

    public static void MapAdministrator(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/models/sign-in", SignIn).ExcludeFromDescription();
        routes.MapPost("/models/sign-out", SignOut).ExcludeFromDescription();
    }

    // [FromForm] makes the antiforgery middleware check the token before this is reached.
    private static IResult SignIn([FromForm] string? passphrase, HttpContext context, Administrator administrator, SignInAttempts attempts, ILogger<Administrator> logger)
    {
        if (!administrator.HasPassphrase || !attempts.TryTake(context.Connection.RemoteIpAddress))
        {
            return Results.LocalRedirect("/models?signin=wait");
        }
        if (!administrator.IsPassphrase(passphrase))
        {
            LogWrong(logger, context.Connection.RemoteIpAddress?.ToString() ?? "");
            return Results.LocalRedirect("/models?signin=wrong");
        }
        context.Response.Cookies.Append(Administrator.Cookie, administrator.Ticket(), Settings(context));
        LogSignedIn(logger, context.Connection.RemoteIpAddress?.ToString() ?? "");
        return Results.LocalRedirect("/models");
    }

    private static IResult SignOut([FromForm] string? leave, HttpContext context)
    {
        _ = leave; // a form field asks for the token
        context.Response.Cookies.Delete(Administrator.Cookie, Settings(context));
        return Results.LocalRedirect("/models");
    }

    private static CookieOptions Settings(HttpContext context) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, IsEssential = true, Path = "/" };

    [LoggerMessage(LogLevel.Warning, "A wrong passphrase of the administrator from {Address}")]
    private static partial void LogWrong(ILogger logger, string address);

    [LoggerMessage(LogLevel.Information, "The administrator signed in from {Address}")]
    private static partial void LogSignedIn(ILogger logger, string address);
}
