namespace Kl3m.Playground.Edge;

/// <summary>What every answer tells the browser to refuse.</summary>
internal static class SecurityHeaders
{
    /// <summary>
    /// Scripts come from files of this server only: none inline, no eval. Style attributes must be allowed, because Blazor sets lengths of bars
    /// and MudBlazor places its pop-overs by them, and so must style elements, because MudBlazor's theme is one that changes with light and dark.
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
        + "manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    private static readonly (string Name, string Value)[] Always =
    [
        ("Content-Security-Policy", ContentSecurityPolicy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"), // not no-referrer: forms would come with Origin: null
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];

    public static void UseSecurityHeaders(this WebApplication app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            // At the last moment: an exception handler clears headers that were set before, and Blazor adds a weaker policy of its own.
            var headers = ((HttpContext)state).Response.Headers;
            foreach (var (name, value) in Always)
            {
                headers[name] = value;
            }
            return Task.CompletedTask;
        }, context);
        return next(context);
    });
}
