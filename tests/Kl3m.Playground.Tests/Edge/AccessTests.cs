using System.Net;
using Kl3m.Playground.Edge;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Edge;

public sealed class AccessTests
{
    private const string Code = "correct horse";
    private static readonly (string, string) Asked = ("Access:Code", Code);

    [Fact]
    public async Task Without_a_code_nobody_is_asked()
    {
        using var app = new EdgeApp();
        Assert.Equal(HttpStatusCode.OK, (await app.GetPageAsync("/")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetPageAsync("/access")).StatusCode);
    }

    [Fact]
    public async Task Without_the_code_nothing_of_the_app_is_reached()
    {
        using var app = new EdgeApp(Asked);
        string[] paths = ["/", "/about", "/no/such/page", "/_blazor/negotiate", "/_blazor", "/metrics", "/openapi/v1.json", "/v1/models", "/hubs/generation/negotiate"];
        foreach (var (path, method) in paths.SelectMany(path => new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Options }.Select(method => (path, method))))
        {
            using var response = await app.SendAsync(method, path, null);
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path}: {response.StatusCode}");
            Assert.Contains("code", (await Api.ApiClient.ErrorOf(response)).GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Probes_and_the_files_of_the_page_that_asks_are_open()
    {
        using var app = new EdgeApp(Asked);
        foreach (var path in (string[])["/health/live", "/health/ready", "/access", "/app.css", "/js/early.js", "/favicon.svg"])
        {
            Assert.True((await app.Http.GetAsync(path)).StatusCode == HttpStatusCode.OK, path);
        }
    }

    [Fact]
    public async Task The_code_leads_to_the_page_that_was_asked_for_and_lets_in_from_then_on()
    {
        using var app = new EdgeApp(Asked);
        using var away = await app.GetPageAsync("/about?x=1");
        Assert.Equal(HttpStatusCode.Redirect, away.StatusCode);
        Assert.Equal("/access?next=%2Fabout%3Fx%3D1", away.Headers.Location?.ToString());
        using var entered = await app.EnterAsync(Code, "/about?x=1");
        Assert.Equal("/about?x=1", entered.Headers.Location?.ToString());
        var cookie = Assert.Single(entered.Headers.GetValues("Set-Cookie"), value => value.StartsWith("kp-access=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, (await app.GetPageAsync("/about")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync()).StatusCode);
    }

    [Fact]
    public async Task A_wrong_code_is_told_and_lets_nobody_in()
    {
        using var app = new EdgeApp(Asked);
        using var refused = await app.EnterAsync("Correct horse");
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("That is not the code", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await app.GetPageAsync("/")).StatusCode);
    }

    [Fact]
    public async Task Wrong_codes_are_counted_and_then_even_the_right_one_waits()
    {
        using var app = new EdgeApp(Asked, ("Limits:WrongCodesPerMinute", "2"));
        var statuses = new List<HttpStatusCode>();
        foreach (var code in (string[])["a", "b", "c", Code])
        {
            statuses.Add((await app.EnterAsync(code)).StatusCode);
        }
        Assert.Equal([HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], statuses);
    }

    [Fact]
    public async Task A_form_without_its_token_is_refused()
    {
        using var app = new EdgeApp(Asked);
        using var response = await app.SendAsync(HttpMethod.Post, "/access", new FormUrlEncodedContent([new("code", Code)]));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.False(response.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(cookie => cookie.StartsWith("kp-access", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_made_up_cookie_or_one_for_another_code_is_worth_nothing()
    {
        using var other = new EdgeApp(("Access:Code", "another"));
        using var entered = await other.EnterAsync("another");
        var cookie = entered.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("kp-access=", StringComparison.Ordinal)).Split(';')[0];
        using var app = new EdgeApp(Asked);
        foreach (var tried in (string[])[cookie, "kp-access=AAAA", "kp-access=", "kp-access=CfDJ8AAAAAAAAAAAAAAAAAAAAAA"])
        {
            Assert.Equal(HttpStatusCode.Redirect, (await app.GetPageAsync("/", ("Cookie", tried))).StatusCode);
        }
    }

    [Theory]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("/ok?x=//a", "/ok?x=//a")]
    [InlineData("/access?next=/", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    [InlineData("", "/")]
    [InlineData(null, "/")]
    public void The_way_on_stays_on_this_server(string? next, string taken) => Assert.Equal(taken, AccessPages.Local(next));

    [Fact]
    public async Task A_key_opens_the_API_and_nothing_else_does_once_there_are_keys()
    {
        using var app = new EdgeApp(Asked, ("Api:Keys:0", "k1"), ("Api:Keys:1", "k2"));
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync(("Authorization", "Bearer k2"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.CompleteAsync()).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.CompleteAsync(("Authorization", $"Bearer {Code}"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.CompleteAsync(("Authorization", "Bearer K2"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.CompleteAsync(("Authorization", "Bearer "))).StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, (await app.GetPageAsync("/", ("Authorization", "Bearer k1"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Get, "/metrics", null, ("Authorization", "Bearer k1"))).StatusCode);
    }

    [Fact]
    public async Task With_a_code_and_no_keys_the_code_is_the_key()
    {
        using var app = new EdgeApp(Asked);
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync(("Authorization", $"Bearer {Code}"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.CompleteAsync(("Authorization", "Bearer x"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Post, $"/hubs/generation/negotiate?negotiateVersion=1&access_token={Uri.EscapeDataString(Code)}", null)).StatusCode);
    }

    [Fact]
    public async Task Secrets_are_in_no_log_and_on_no_page()
    {
        using var app = new EdgeApp(Asked, ("Api:Keys:0", "the-key-itself"));
        var answers = "";
        foreach (var response in (HttpResponseMessage[])[await app.EnterAsync("wrong-try"), await app.EnterAsync(Code), await app.CompleteAsync(("Authorization", "Bearer the-key-itself")), await app.CompleteAsync(("Authorization", "Bearer not-it")), await app.GetPageAsync("/about")])
        {
            answers += await response.Content.ReadAsStringAsync();
        }
        Assert.Contains("A wrong access code", app.Log.ToString(), StringComparison.Ordinal);
        foreach (var secret in (string[])[Code, "the-key-itself", "wrong-try", "not-it"])
        {
            Assert.DoesNotContain(secret, app.Log.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, answers, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Only_failures_count_and_only_for_a_minute()
    {
        var time = new FakeTimeProvider();
        var limit = new AttemptLimit(2, time);
        for (var i = 0; i < 50; i++)
        {
            Assert.True(limit.TryBegin("class"));
            limit.Succeeded("class");
        }
        Assert.True(limit.TryBegin("class"));
        Assert.True(limit.TryBegin("class"));
        Assert.False(limit.TryBegin("class"));
        Assert.True(limit.TryBegin("another"));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(limit.TryBegin("class"));
    }

    [Fact]
    public void Many_addresses_together_are_limited_too()
    {
        var limit = new AttemptLimit(2, new FakeTimeProvider());
        Assert.Equal(20, Enumerable.Range(0, 100).Count(i => limit.TryBegin($"10.0.0.{i}")));
    }
}
