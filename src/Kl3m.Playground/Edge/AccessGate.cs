using Kl3m.Playground.Api;
using Kl3m.Playground.Hubs;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>Lets in who may use the playground: browsers that gave the code, programs that send a key.</summary>
internal sealed class AccessGate(RequestDelegate next, IOptions<AccessOptions> access, IOptions<ApiOptions> api, AccessCookie cookie)
{
    public Task InvokeAsync(HttpContext context)
    {
        var (code, keys) = (access.Value.Code, api.Value.Keys);
        if (IsForPrograms(context.Request.Path))
        {
            return keys.Count == 0 && string.IsNullOrEmpty(code) || MayCall(context.Request, code, keys)
                ? next(context)
                : RefuseProgramAsync(context, keys.Count > 0);
        }
        if (string.IsNullOrEmpty(code) || IsOpenToAll(context) || cookie.IsValid(context.Request) || (IsForOperators(context.Request.Path) && MayCall(context.Request, code, keys)))
        {
            return next(context);
        }
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Redirect($"{context.Request.PathBase}{AccessPages.Path}?next={Uri.EscapeDataString($"{context.Request.Path}{context.Request.QueryString}")}");
            return Task.CompletedTask;
        }
        return ForeignPages.RefuseAsync(context, StatusCodes.Status401Unauthorized, $"Give the access code first, at {AccessPages.Path}.", "access_code_required");
    }

    internal static bool IsForPrograms(PathString path) =>
        path.StartsWithSegments("/v1") || path.StartsWithSegments("/tokenize") || path.StartsWithSegments("/detokenize") || path.StartsWithSegments(GenerationHub.Path);

    private static bool IsForOperators(PathString path) => path.StartsWithSegments("/metrics") || path.StartsWithSegments("/openapi");

    /// <summary>Probes must get through, and the page that asks for the code needs its styles. Files of the app hold no secrets.</summary>
    private static bool IsOpenToAll(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/health") || context.Request.Path.StartsWithSegments(AccessPages.Path)
        || context.GetEndpoint()?.Metadata.GetMetadata<StaticAssetDescriptor>() is not null;

    /// <summary>With keys, one of them. With a code only, the code, as a key or by the browser's cookie.</summary>
    private bool MayCall(HttpRequest request, string? code, IReadOnlyList<string> keys)
    {
        var given = KeyOf(request);
        return keys.Count > 0 ? Secret.MatchesAny(given, keys) : Secret.Matches(given, code ?? "") || cookie.IsValid(request);
    }

    /// <summary>The key that a program sent. A browser can't send headers with a WebSocket: SignalR's client writes it into the address instead.</summary>
    internal static string? KeyOf(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim()
        : request.Path.StartsWithSegments(GenerationHub.Path) && request.Query["access_token"] is [{ } token] ? token
        : null;

    private static Task RefuseProgramAsync(HttpContext context, bool hasKeys)
    {
        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        var message = hasKeys ? "Send an API key of this server: Authorization: Bearer <key>." : "Send the access code of this server: Authorization: Bearer <code>.";
        return context.Response.WriteAsJsonAsync(ErrorBody.Of(new(StatusCodes.Status401Unauthorized, message, "invalid_request_error", null, "invalid_api_key")), ApiJson.Wire.ErrorBody);
    }
}
