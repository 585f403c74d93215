using Kl3m.Playground.Api;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>
/// Keeps other web sites from using this server through a visitor's browser: WebSockets know no same-origin rule, and a site may let its own
/// name point to 127.0.0.1 (DNS rebinding).
/// </summary>
internal static class ForeignPages
{
    public static void UseForeignPageChecks(this WebApplication app)
    {
        var allowed = app.Services.GetRequiredService<IOptions<EdgeOptions>>().Value.AllowedOrigins;
        var exposure = app.Services.GetRequiredService<Exposure>();
        var hosts = app.Configuration["AllowedHosts"]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        app.Use((context, next) =>
        {
            var request = context.Request;
            if (!Exposure.IsLoopbackHost(request.Host.Host) && !hosts.Any(host => Matches(host, request.Host.Host)) && exposure.IsLocal)
            {
                return RefuseAsync(context, StatusCodes.Status421MisdirectedRequest,
                    $"This server listens on this machine only and does not answer to the name '{request.Host.Host}'. Behind a reverse proxy, name the public host in AllowedHosts.", "unknown_host");
            }
            if (IsForeign(request) && !allowed.Contains(request.Headers.Origin.ToString(), StringComparer.OrdinalIgnoreCase))
            {
                return RefuseAsync(context, StatusCodes.Status403Forbidden,
                    $"A page of another origin ({request.Headers.Origin}) may not do this. Edge:AllowedOrigins names those that may.", "foreign_origin");
            }
            return next(context);
        });
    }

    /// <summary>Reading is left to the browser's own rule, which hides the answer; a changing request or a WebSocket would already do its work.</summary>
    private static bool IsForeign(HttpRequest request) =>
        request.Headers.Origin is [{ Length: > 0 } origin]
        && (request.HttpContext.WebSockets.IsWebSocketRequest || request.Headers.ContainsKey("Upgrade") || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)))
        && !(Uri.TryCreate(origin, UriKind.Absolute, out var page) && string.Equals(page.Authority, Authority(request), StringComparison.OrdinalIgnoreCase));

    /// <summary>As an origin writes it: without the scheme's usual port.</summary>
    private static string Authority(HttpRequest request) =>
        request.Host.Port is { } port && port != (request.IsHttps ? 443 : 80) ? $"{request.Host.Host}:{port}" : request.Host.Host;

    private static bool Matches(string pattern, string host) =>
        pattern is "*" || pattern.Equals(host, StringComparison.OrdinalIgnoreCase)
        || (pattern.StartsWith("*.", StringComparison.Ordinal) && host.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase));

    internal static Task RefuseAsync(HttpContext context, int status, string message, string code, string type = "invalid_request_error")
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(ErrorBody.Of(new(status, message, type, null, code)), ApiJson.Wire.ErrorBody);
    }
}
