using Kl3m.Playground.Api;
using Kl3m.Playground.Edge.SignIn;
using Kl3m.Playground.Hubs;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>Lets in who may use the playground: browsers that gave the code or signed in, programs that send a key.</summary>
internal sealed class AccessGate(RequestDelegate next, IOptions<AccessOptions> access, IOptions<SignInOptions> signIn, IOptions<ApiOptions> api, AccessCookie cookie)
{
    private readonly bool isOpen = string.IsNullOrEmpty(access.Value.Code) && !signIn.Value.IsSet;

    public Task InvokeAsync(HttpContext context)
    {
        var (code, keys) = (access.Value.Code, api.Value.Keys);
        if (IsForPrograms(context.Request.Path))
        {
            return keys.Count == 0 && isOpen || MayCall(context, code, keys)
                ? next(context)
                : RefuseProgramAsync(context, keys.Count > 0);
        }
        if (isOpen || IsOpenToAll(context) || HasEntered(context) || (IsForOperators(context.Request.Path) && MayCall(context, code, keys)))
        {
            return next(context);
        }
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Redirect($"{context.Request.PathBase}{Entrance}?next={Uri.EscapeDataString($"{context.Request.Path}{context.Request.QueryString}")}");
            return Task.CompletedTask;
        }
        return string.IsNullOrEmpty(code)
            ? ForeignPages.RefuseAsync(context, StatusCodes.Status401Unauthorized, $"Sign in first, at {SignInPages.In}.", "sign_in_required")
            : ForeignPages.RefuseAsync(context, StatusCodes.Status401Unauthorized, $"Give the access code first, at {AccessPages.Path}.", "access_code_required");
    }

    internal static bool IsForPrograms(PathString path) =>
        path.StartsWithSegments("/v1") || path.StartsWithSegments("/tokenize") || path.StartsWithSegments("/detokenize") || path.StartsWithSegments(GenerationHub.Path);

    private static bool IsForOperators(PathString path) => path.StartsWithSegments("/metrics") || path.StartsWithSegments("/openapi");

    /// <summary>Where there is only one way in, people are sent along it at once.</summary>
    private string Entrance => string.IsNullOrEmpty(access.Value.Code) ? SignInPages.In : AccessPages.Path;

    private bool HasEntered(HttpContext context) => cookie.IsValid(context.Request) || (signIn.Value.IsSet && context.User.Identities.Any(identity => identity.IsAuthenticated));

    /// <summary>
    /// Probes must get through, and the page that asks for the code needs its styles. Files of the app hold no secrets. A monitor cannot sign
    /// in: where it has neither code nor key to send, the metrics are open, which hold no word of a text.
    /// </summary>
    private bool IsOpenToAll(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/health") || context.Request.Path.StartsWithSegments(AccessPages.Path)
        || (context.Request.Path.StartsWithSegments("/metrics") && string.IsNullOrEmpty(access.Value.Code) && api.Value.Keys.Count == 0)
        || context.GetEndpoint()?.Metadata.GetMetadata<StaticAssetDescriptor>() is not null;

    /// <summary>With keys, one of them. Without, the code as a key, or the cookie of a browser that gave it or signed in.</summary>
    private bool MayCall(HttpContext context, string? code, IReadOnlyList<string> keys)
    {
        var given = KeyOf(context.Request);
        return keys.Count > 0 ? Secret.MatchesAny(given, keys) : (!string.IsNullOrEmpty(code) && Secret.Matches(given, code)) || HasEntered(context);
    }

    /// <summary>The key that a program sent. A browser can't send headers with a WebSocket: SignalR's client writes it into the address instead.</summary>
    internal static string? KeyOf(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim()
        : request.Path.StartsWithSegments(GenerationHub.Path) && request.Query["access_token"] is [{ } token] ? token
        : null;

    private Task RefuseProgramAsync(HttpContext context, bool hasKeys)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        var message = hasKeys ? "Send an API key of this server: Authorization: Bearer <key>."
            : string.IsNullOrEmpty(access.Value.Code) ? "This server asks people to sign in and has no keys for programs; whoever runs it can set Api:Keys."
            : "Send the access code of this server: Authorization: Bearer <code>.";
        return context.Response.WriteAsJsonAsync(ErrorBody.Of(new(StatusCodes.Status401Unauthorized, message, "invalid_request_error", null, "invalid_api_key")), ApiJson.Wire.ErrorBody);
    }
}
