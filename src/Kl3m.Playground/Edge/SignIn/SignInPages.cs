using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Mvc;

namespace Kl3m.Playground.Edge.SignIn;

/// <summary>The way to the provider, and the way out. Neither needs a script or a circuit.</summary>
internal static partial class SignInPages
{
    public const string In = AccessPages.Path + "/sign-in";
    public const string Out = AccessPages.Path + "/sign-out";

    public static void MapSignIn(this WebApplication app)
    {
        app.MapGet(In, (HttpContext context, string? next, ILogger<SignInOptions> logger) => BeginAsync(context, AccessPages.Local(next), logger)).ExcludeFromDescription();
        // The endpoint checks for itself, so that a page that was open for too long gets an answer for people.
        app.MapPost(Out, EndAsync).DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(AccessPages.MaxFormBytes)).ExcludeFromDescription();
    }

    private static async Task BeginAsync(HttpContext context, string next, ILogger logger)
    {
        try
        {
            await context.ChallengeAsync(OpenIdConnectDefaults.AuthenticationScheme, new AuthenticationProperties { RedirectUri = next });
        }
        catch (Exception failure) when (failure is InvalidOperationException or HttpRequestException or IOException)
        {
            LogUnreachable(logger, failure);
            await SignInSetup.Page("Nobody can sign in now", "Your organisation's sign-in does not answer. Try again in a minute.", StatusCodes.Status503ServiceUnavailable).ExecuteAsync(context);
        }
    }

    private static async Task<IResult> EndAsync(HttpContext context, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return SignInSetup.Page("Still signed in", "The page was open for too long. Go back, load it again, and sign out there.", StatusCodes.Status400BadRequest);
        }
        await context.SignOutAsync();
        // Only here: at the provider they stay signed in, for the other things that they use it for.
        return SignInSetup.Page("Signed out", "You are signed out of this playground. At your organisation you are still signed in.", StatusCodes.Status200OK);
    }

    [LoggerMessage(LogLevel.Error, "The provider in Access:OpenIdConnect:Authority does not answer, so nobody can sign in")]
    private static partial void LogUnreachable(ILogger logger, Exception failure);
}
