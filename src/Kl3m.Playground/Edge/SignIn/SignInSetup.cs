using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Kl3m.Playground.Edge.SignIn;

/// <summary>
/// OpenID Connect's authorization code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636). The cookie that remembers who signed in is
/// signed and encrypted by data protection, so that every node with the same keys knows it.
/// </summary>
internal static partial class SignInSetup
{
    public const string Cookie = "kp-signed-in";
    public const string Callback = AccessPages.Path + "/callback";

    /// <exception cref="OptionsValidationException">The section Access:OpenIdConnect is there and wrong.</exception>
    public static void AddSignIn(this WebApplicationBuilder builder)
    {
        var provider = SignInOptions.Read(builder.Configuration);
        builder.Services.AddSingleton(Options.Create(provider));
        if (!provider.IsSet)
        {
            return;
        }
        builder.Services.AddHostedService<ProviderCheck>();
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(SetCookie).AddOpenIdConnect(options => SetProvider(options, provider));
        builder.Services.AddOptions<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme)
            .Configure<IOptions<AccessOptions>>((cookie, access) => cookie.ExpireTimeSpan = access.Value.Remember);
    }

    private static void SetCookie(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = Cookie;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.SlidingExpiration = false;
    }

    private static void SetProvider(OpenIdConnectOptions options, SignInOptions provider)
    {
        options.Authority = provider.Authority;
        options.RequireHttpsMetadata = !provider.Authority.StartsWith("http://", StringComparison.OrdinalIgnoreCase); // which is for this machine only
        options.ClientId = provider.ClientId;
        options.ClientSecret = provider.ClientSecret;
        options.ResponseType = OpenIdConnectResponseType.Code;
        // As a link and not as a form: a form would come from a foreign page, which ForeignPages refuses, and would need SameSite=None.
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.CallbackPath = Callback;
        options.SignedOutCallbackPath = AccessPages.Path + "/signed-out-callback";
        options.RemoteSignOutPath = AccessPages.Path + "/remote-sign-out";
        options.MapInboundClaims = false;
        options.TokenValidationParameters.NameClaimType = "name";
        options.Scope.Clear();
        foreach (var scope in provider.Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            options.Scope.Add(scope);
        }
        foreach (var cookie in (CookieBuilder[])[options.NonceCookie, options.CorrelationCookie])
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }
        options.Events.OnTicketReceived = context => AdmitAsync(context, provider);
        options.Events.OnRemoteFailure = FailAsync;
    }

    /// <summary>Signing in says who somebody is; the claim says whether they may come in.</summary>
    private static async Task AdmitAsync(TicketReceivedContext context, SignInOptions provider)
    {
        var user = context.Principal ?? new ClaimsPrincipal();
        if (provider.Claim is { Length: > 0 } claim && !user.FindAll(claim).Any(found => provider.Values.Contains(found.Value, StringComparer.Ordinal)))
        {
            LogNotInvited(context.HttpContext.RequestServices.GetRequiredService<ILogger<SignInOptions>>(), claim);
            context.HandleResponse();
            await Page("You may not come in", $"You are signed in as {NameOf(user)}, but this playground is for others. Ask whoever runs it, or sign in as somebody else.", StatusCodes.Status403Forbidden).ExecuteAsync(context.HttpContext);
            return;
        }
        // Only what is shown: tokens and other claims would make the cookie large and tell more than is needed.
        context.Principal = new ClaimsPrincipal(new ClaimsIdentity([new("sub", user.FindFirst("sub")?.Value ?? ""), new("name", NameOf(user))], CookieAuthenticationDefaults.AuthenticationScheme, "name", null));
    }

    private static async Task FailAsync(RemoteFailureContext context)
    {
        LogFailed(context.HttpContext.RequestServices.GetRequiredService<ILogger<SignInOptions>>(), context.Failure?.Message);
        context.HandleResponse();
        await Page("Not signed in", "The sign-in did not succeed: it was cancelled, took too long, or the provider refused it. Try again.", StatusCodes.Status403Forbidden).ExecuteAsync(context.HttpContext);
    }

    internal static RazorComponentResult Page(string title, string text, int status) =>
        new(typeof(SignInPage), new Dictionary<string, object?> { [nameof(SignInPage.Title)] = title, [nameof(SignInPage.Text)] = text }) { StatusCode = status };

    private static string NameOf(ClaimsPrincipal user) =>
        ((string[])["name", "preferred_username", "email", "sub"]).Select(type => user.FindFirst(type)?.Value).FirstOrDefault(value => !string.IsNullOrEmpty(value)) ?? "somebody without a name";

    [LoggerMessage(LogLevel.Warning, "Somebody signed in whose claim {Claim} has none of the values in Access:OpenIdConnect:Values")]
    private static partial void LogNotInvited(ILogger logger, string claim);

    [LoggerMessage(LogLevel.Warning, "A sign-in failed: {Why}")]
    private static partial void LogFailed(ILogger logger, string? why);
}
