using System.Net;
using System.Text.RegularExpressions;
using Kl3m.Playground.Edge;
using Kl3m.Playground.Edge.SignIn;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Tests.Edge;

/// <summary>People sign in at a provider that speaks the protocol over real HTTP.</summary>
public sealed class SignInTests
{
    [Fact]
    public async Task Who_signs_in_gets_the_page_that_they_asked_for_and_is_known_from_then_on()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var app = new EdgeApp(provider.Settings);
        using var entered = await EnterAsync(app, provider, "/about?x=1");
        Assert.Equal("/about?x=1", entered.Headers.Location?.ToString());
        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"), value => value.StartsWith(SignInSetup.Cookie, StringComparison.Ordinal) && !value.Contains("expires=Thu, 01 Jan 1970", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        using var page = await app.GetPageAsync("/about");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("Signed in as Ada Lovelace", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync()).StatusCode);
        Assert.Equal("http://localhost/access/callback", provider.Asked["redirect_uri"]);
    }

    [Fact]
    public async Task Without_signing_in_pages_and_hubs_are_closed_and_probes_are_open()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var app = new EdgeApp(provider.Settings);
        using var away = await app.GetPageAsync("/score?a=b");
        Assert.Equal("/access/sign-in?next=%2Fscore%3Fa%3Db", away.Headers.Location?.ToString());
        foreach (var path in (string[])["/", "/_blazor/negotiate", "/hubs/generation/negotiate", "/v1/models", "/openapi/v1.json"])
        {
            Assert.True((await app.SendAsync(HttpMethod.Post, path, null)).StatusCode == HttpStatusCode.Unauthorized, path);
        }
        foreach (var path in (string[])["/health/live", "/health/ready", "/metrics", "/app.css"])
        {
            Assert.True((await app.Http.GetAsync(path)).StatusCode == HttpStatusCode.OK, path);
        }
    }

    [Fact]
    public async Task Programs_send_a_key_and_monitors_too_where_there_are_keys()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var app = new EdgeApp([.. provider.Settings, ("Api:Keys:0", "k1")]);
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync(("Authorization", "Bearer k1"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.CompleteAsync(("Authorization", "Bearer "))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.SendAsync(HttpMethod.Get, "/metrics", null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Get, "/metrics", null, ("Authorization", "Bearer k1"))).StatusCode);
    }

    [Fact]
    public async Task Signing_out_needs_the_pages_own_token_and_then_closes_the_door()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var app = new EdgeApp(provider.Settings);
        using var entered = await EnterAsync(app, provider, "/");
        Assert.Equal(HttpStatusCode.BadRequest, (await app.SendAsync(HttpMethod.Post, "/access/sign-out", new FormUrlEncodedContent([]))).StatusCode);
        var html = await (await app.GetPageAsync("/about")).Content.ReadAsStringAsync();
        var token = Regex.Match(html, "action=\"access/sign-out\".*?name=\"__RequestVerificationToken\" value=\"([^\"]+)\"", RegexOptions.Singleline).Groups[1].Value;
        using var left = await app.SendAsync(HttpMethod.Post, "/access/sign-out", new FormUrlEncodedContent([new("__RequestVerificationToken", token)]));
        Assert.Equal(HttpStatusCode.OK, left.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await app.GetPageAsync("/about")).StatusCode);
    }

    [Theory]
    [InlineData("iss", "https://evil.example")]
    [InlineData("aud", "another-app")]
    [InlineData("nonce", "replayed")]
    [InlineData("exp", 1)]
    public async Task A_token_that_is_not_for_this_sign_in_lets_nobody_in(string claim, object value)
    {
        await using var provider = await FakeProvider.StartAsync();
        provider.Spoil = claims => claims[claim] = value;
        using var app = new EdgeApp(provider.Settings);
        using var refused = await EnterAsync(app, provider, "/");
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("Not signed in", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await app.GetPageAsync("/")).StatusCode);
        Assert.Contains("A sign-in failed", app.Log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_this_browser_did_not_ask_for_lets_nobody_in()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var app = new EdgeApp(provider.Settings);
        using var other = new EdgeApp(provider.Settings);
        using var begun = await other.GetPageAsync("/access/sign-in?next=/");
        var back = await provider.VisitAsync(begun.Headers.Location!);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.GetPageAsync(back.PathAndQuery)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.GetPageAsync("/access/callback?error=access_denied")).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await app.GetPageAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("staff", HttpStatusCode.Forbidden)]
    [InlineData("law-101", HttpStatusCode.Redirect)]
    public async Task A_claim_says_who_may_come_in(string group, HttpStatusCode status)
    {
        await using var provider = await FakeProvider.StartAsync();
        provider.Claims["groups"] = new[] { "all", group };
        using var app = new EdgeApp([.. provider.Settings, ("Access:OpenIdConnect:Claim", "groups"), ("Access:OpenIdConnect:Values:0", "law-101"), ("Access:OpenIdConnect:Values:1", "law-102")]);
        using var answer = await EnterAsync(app, provider, "/");
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == HttpStatusCode.Redirect ? HttpStatusCode.OK : HttpStatusCode.Redirect, (await app.GetPageAsync("/about")).StatusCode);
    }

    [Fact]
    public async Task With_a_code_too_there_are_two_ways_in()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var app = new EdgeApp([.. provider.Settings, ("Access:Code", "correct horse")]);
        using var away = await app.GetPageAsync("/about");
        Assert.Equal("/access?next=%2Fabout", away.Headers.Location?.ToString());
        var html = await (await app.GetPageAsync("/access?next=%2Fabout")).Content.ReadAsStringAsync();
        Assert.Contains("access/sign-in?next=%2Fabout", html, StringComparison.Ordinal);
        using var entered = await EnterAsync(app, provider, "/about");
        Assert.Equal("/about", entered.Headers.Location?.ToString());
        using var guest = new EdgeApp([.. provider.Settings, ("Access:Code", "correct horse")]);
        Assert.Equal(HttpStatusCode.Redirect, (await guest.EnterAsync("correct horse", "/about")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await guest.GetPageAsync("/about")).StatusCode);
    }

    [Fact]
    public async Task A_provider_that_is_away_is_told_at_the_start_and_to_who_signs_in_and_may_come_back()
    {
        var provider = await FakeProvider.StartAsync();
        var settings = provider.Settings;
        await provider.DisposeAsync();
        using var app = new EdgeApp(settings);
        using var answer = await app.GetPageAsync("/access/sign-in");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("does not answer", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await WaitAsync(() => app.Log.ToString().Contains("Nobody can sign in: Access:OpenIdConnect:Authority is", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, (await app.Http.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task Secrets_and_tokens_are_in_no_log()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var app = new EdgeApp(provider.Settings);
        using var entered = await EnterAsync(app, provider, "/");
        Assert.Equal(HttpStatusCode.Redirect, entered.StatusCode);
        foreach (var secret in (string[])[FakeProvider.Secret, Uri.EscapeDataString(FakeProvider.Secret), "an-access-token"])
        {
            Assert.DoesNotContain(secret, app.Log.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Authority must be the provider's address", "Authority", "login.example.edu")]
    [InlineData("Authority must begin with https://", "Authority", "http://login.example.edu")]
    [InlineData("Authority must be the provider's address", "Authority", "")]
    [InlineData("ClientId must be", "ClientId", "")]
    [InlineData("Scope must contain openid", "Scope", "profile")]
    [InlineData("Claim needs Values", "Claim", "groups")]
    [InlineData("Values needs Claim", "Values:0", "law-101")]
    [InlineData("Authorty is no setting", "Authorty", "https://login.example.edu")]
    public void A_wrong_setting_stops_the_start_and_is_named(string problem, string key, string value)
    {
        var settings = new Dictionary<string, string?> { ["Authority"] = "https://login.example.edu", ["ClientId"] = "playground" };
        settings[key] = value;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create($"Access:OpenIdConnect:{pair.Key}", pair.Value))).Build();
        Assert.Contains($"Access:OpenIdConnect:{problem}", Assert.Throws<OptionsValidationException>(() => SignInOptions.Read(configuration)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_whose_people_sign_in_is_guarded()
    {
        await using var provider = await FakeProvider.StartAsync();
        using var app = new EdgeApp([.. provider.Settings]);
        Assert.False(app.Services.GetRequiredService<Exposure>().IsUnguarded);
        Assert.True(app.Services.GetRequiredService<IOptions<SignInOptions>>().Value.IsSet);
    }

    /// <summary>From the door to the provider and back: the last answer.</summary>
    private static async Task<HttpResponseMessage> EnterAsync(EdgeApp app, FakeProvider provider, string next)
    {
        using var begun = await app.GetPageAsync($"/access/sign-in?next={Uri.EscapeDataString(next)}");
        Assert.Equal(HttpStatusCode.Redirect, begun.StatusCode);
        var back = await provider.VisitAsync(begun.Headers.Location!);
        return await app.GetPageAsync(back.PathAndQuery);
    }

    private static async Task WaitAsync(Func<bool> condition)
    {
        var until = DateTime.UtcNow.AddSeconds(60);
        while (!condition() && DateTime.UtcNow < until)
        {
            await Task.Delay(20);
        }
        Assert.True(condition());
    }
}
