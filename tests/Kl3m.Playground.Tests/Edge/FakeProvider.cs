using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kl3m.Playground.Tests.Edge;

/// <summary>An OpenID Connect provider on a real port that lets in whoever comes, and is strict about the protocol. Tokens are written by hand, by RFC 7519.</summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    public const string ClientId = "playground";
    public const string Secret = "the-client's-secret";

    private readonly RSA key = RSA.Create(2048);
    private readonly Dictionary<string, (string Challenge, string Nonce, string Redirect)> codes = [];
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private WebApplication app = null!;

    /// <summary>What the id token says, besides what the protocol asks for.</summary>
    public Dictionary<string, object> Claims { get; } = new() { ["sub"] = "u1", ["name"] = "Ada Lovelace" };

    /// <summary>Spoils the token or the answer.</summary>
    public Action<Dictionary<string, object>> Spoil { get; set; } = _ => { };

    public string Authority { get; private set; } = "";

    /// <summary>The parameters of the last visit to its sign-in page.</summary>
    public Dictionary<string, string> Asked { get; private set; } = [];

    public static async Task<FakeProvider> StartAsync()
    {
        var provider = new FakeProvider();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = provider.app = builder.Build();
        app.MapGet("/.well-known/openid-configuration", () => new Dictionary<string, object>
        {
            ["issuer"] = provider.Authority,
            ["authorization_endpoint"] = $"{provider.Authority}/authorize",
            ["token_endpoint"] = $"{provider.Authority}/token",
            ["jwks_uri"] = $"{provider.Authority}/keys",
            ["response_types_supported"] = new[] { "code" },
            ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
        });
        app.MapGet("/keys", provider.Keys);
        app.MapGet("/authorize", provider.Authorize);
        app.MapPost("/token", provider.TokenAsync);
        await app.StartAsync();
        provider.Authority = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        return provider;
    }

    public (string Key, string Value)[] Settings => [("Access:OpenIdConnect:Authority", Authority), ("Access:OpenIdConnect:ClientId", ClientId), ("Access:OpenIdConnect:ClientSecret", Secret)];

    /// <summary>As a browser would: to the provider's page and back. The address to come back to.</summary>
    public async Task<Uri> VisitAsync(Uri address)
    {
        using var answer = await http.GetAsync(address);
        Assert.True(answer.StatusCode == HttpStatusCode.Redirect, await answer.Content.ReadAsStringAsync());
        return answer.Headers.Location!;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.DisposeAsync();
        key.Dispose();
    }

    private object Keys()
    {
        var parameters = key.ExportParameters(false);
        return new { keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = "1", n = WebEncoders.Base64UrlEncode(parameters.Modulus!), e = WebEncoders.Base64UrlEncode(parameters.Exponent!) } } };
    }

    private IResult Authorize(HttpRequest request)
    {
        var asked = Asked = request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        if (asked.GetValueOrDefault("client_id") != ClientId || asked.GetValueOrDefault("response_type") != "code" || asked.GetValueOrDefault("code_challenge_method") != "S256"
            || !asked.GetValueOrDefault("scope", "").Split(' ').Contains("openid") || !asked.TryGetValue("nonce", out var nonce))
        {
            return Results.BadRequest("not a code flow with PKCE and a nonce");
        }
        var code = Guid.NewGuid().ToString("n");
        codes[code] = (asked["code_challenge"], nonce, asked["redirect_uri"]);
        return Results.Redirect(QueryHelpers.AddQueryString(asked["redirect_uri"], new Dictionary<string, string?> { ["code"] = code, ["state"] = asked["state"] }));
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var basic = AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header) && header.Scheme == "Basic" ? Encoding.UTF8.GetString(Convert.FromBase64String(header.Parameter!)) : null;
        if (form["client_secret"] != Secret && basic != $"{ClientId}:{Uri.EscapeDataString(Secret)}")
        {
            return Results.Json(new { error = "invalid_client" }, statusCode: 401);
        }
        if (!codes.Remove(form["code"].ToString(), out var asked) || asked.Redirect != form["redirect_uri"]
            || asked.Challenge != WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))))
        {
            return Results.Json(new { error = "invalid_grant" }, statusCode: 400);
        }
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var claims = new Dictionary<string, object>(Claims) { ["iss"] = Authority, ["aud"] = ClientId, ["iat"] = now, ["exp"] = now + 300, ["nonce"] = asked.Nonce };
        Spoil(claims);
        return Results.Json(new { access_token = "an-access-token", token_type = "Bearer", expires_in = 300, id_token = Sign(claims) });
    }

    private string Sign(Dictionary<string, object> claims)
    {
        var head = $"{WebEncoders.Base64UrlEncode("""{"alg":"RS256","typ":"JWT","kid":"1"}"""u8.ToArray())}.{WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        return $"{head}.{WebEncoders.Base64UrlEncode(key.SignData(Encoding.ASCII.GetBytes(head), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }
}
