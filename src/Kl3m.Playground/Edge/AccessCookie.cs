using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>The browser's proof that it gave the code: made by data protection, so it can't be forged, and void when the code changes or time is up.</summary>
internal sealed class AccessCookie(IDataProtectionProvider protection, IOptions<AccessOptions> options, TimeProvider time)
{
    public const string Name = "kp-access";

    private readonly IDataProtector protector = protection.CreateProtector("Kl3m.Playground.Access");

    public void Give(HttpContext context)
    {
        var until = time.GetUtcNow() + options.Value.Remember;
        context.Response.Cookies.Append(Name, protector.Protect($"{until.ToUnixTimeSeconds()} {CodeHash}"), new CookieOptions
        {
            HttpOnly = true,
            Secure = context.Request.IsHttps,
            SameSite = SameSiteMode.Lax,
            IsEssential = true,
            Expires = until,
        });
    }

    public bool IsValid(HttpRequest request)
    {
        if (request.Cookies[Name] is not { Length: > 0 } cookie)
        {
            return false;
        }
        try
        {
            return protector.Unprotect(cookie).Split(' ') is [var until, var hash]
                && long.Parse(until, System.Globalization.CultureInfo.InvariantCulture) > time.GetUtcNow().ToUnixTimeSeconds()
                && Secret.Matches(hash, CodeHash);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return false; // of another server, or made up
        }
    }

    private string CodeHash => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(options.Value.Code ?? "")));
}
