using System.Net;
using Kl3m.Playground.Edge;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Tests.Edge;

public sealed class EdgeTests
{
    [Fact]
    public async Task Every_answer_carries_the_security_headers_once()
    {
        using var app = new EdgeApp();
        foreach (var path in (string[])["/", "/about", "/no/such/page", "/app.css", "/v1/models", "/v1/no/such/path", "/health/live", "/metrics"])
        {
            using var response = await app.GetPageAsync(path);
            Assert.Equal([SecurityHeaders.ContentSecurityPolicy], response.Headers.GetValues("Content-Security-Policy"));
            foreach (var name in (string[])["X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy"])
            {
                Assert.Single(response.Headers.GetValues(name));
            }
            Assert.False(response.Headers.Contains("Server"));
        }
    }

    [Fact]
    public void Scripts_come_from_files_of_this_server_only()
    {
        var directives = SecurityHeaders.ContentSecurityPolicy.Split("; ").ToDictionary(part => part.Split(' ')[0], part => part.Split(' ')[1..]);
        Assert.Equal(["'none'"], directives["default-src"]);
        Assert.Equal(["'self'"], directives["script-src"]);
        Assert.All(directives.Values.SelectMany(sources => sources), source => Assert.DoesNotContain(source, (string[])["*", "'unsafe-eval'", "https:", "http:"]));
    }

    [Fact]
    public async Task Another_sites_pages_cannot_use_a_server_of_this_machine()
    {
        using var app = new EdgeApp();
        foreach (var (header, value, status) in ((string, string, HttpStatusCode)[])
        [
            ("Host", "playground.evil.example", HttpStatusCode.MisdirectedRequest),
            ("Host", "localhost:5080", HttpStatusCode.OK),
            ("Host", "127.0.0.1:5080", HttpStatusCode.OK),
            ("Host", "[::1]:5080", HttpStatusCode.OK),
            ("Origin", "https://evil.example", HttpStatusCode.Forbidden),
            ("Origin", "null", HttpStatusCode.Forbidden),
            ("Origin", "http://localhost:1234", HttpStatusCode.Forbidden),
            ("Origin", "http://localhost", HttpStatusCode.OK),
        ])
        {
            Assert.True((await app.CompleteAsync((header, value))).StatusCode == status, $"{header}: {value}");
        }
    }

    [Fact]
    public async Task Hosts_and_origins_that_are_named_are_let_in()
    {
        using var app = new EdgeApp(("AllowedHosts", "play.example.edu;*.local.example"), ("Edge:AllowedOrigins:0", "https://course.example.edu"));
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync(("Host", "play.example.edu"), ("Origin", "https://course.example.edu"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync(("Host", "play.example.edu"), ("Origin", "http://play.example.edu"))).StatusCode);
        Assert.NotEqual(HttpStatusCode.OK, (await app.CompleteAsync(("Host", "other.example.edu"))).StatusCode);
    }

    [Fact]
    public async Task A_client_that_asks_too_often_is_told_when_to_come_back()
    {
        using var app = new EdgeApp(("Limits:ApiPerMinute", "6"));
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync()).StatusCode);
        using var refused = await app.CompleteAsync();
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 10);
        Assert.Equal("too_many_requests", (await Api.ApiClient.ErrorOf(refused)).GetProperty("code").GetString());
        Assert.Equal(HttpStatusCode.OK, (await app.GetPageAsync("/")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.Http.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task Clients_are_told_apart_by_key_and_by_address_but_not_by_a_made_up_key()
    {
        using var app = new EdgeApp(("Limits:ApiPerMinute", "6"), ("Api:Keys:0", "a"), ("Api:Keys:1", "b"));
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync(("Authorization", "Bearer a"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync(("Authorization", "Bearer b"))).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await app.CompleteAsync(("Authorization", "Bearer b"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await app.CompleteAsync(("Authorization", "Bearer x"))).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await app.CompleteAsync(("Authorization", "Bearer y"))).StatusCode);
    }

    [Fact]
    public async Task A_full_server_says_so_instead_of_opening_another_page()
    {
        using var app = new EdgeApp(("Limits:Circuits", "1"));
        Assert.Equal(HttpStatusCode.OK, (await app.GetPageAsync("/")).StatusCode);
        await app.Services.GetRequiredService<CircuitCount>().OnCircuitOpenedAsync(null!, default);
        using var full = await app.GetPageAsync("/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, full.StatusCode);
        Assert.Contains("The playground is full", await full.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await app.SendAsync(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1", null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.CompleteAsync()).StatusCode);
        await app.Services.GetRequiredService<CircuitCount>().OnCircuitClosedAsync(null!, default);
        Assert.Equal(HttpStatusCode.OK, (await app.GetPageAsync("/")).StatusCode);
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData(null, "local")]
    public void A_client_is_an_address_or_an_IPv6_network(string? address, string client) =>
        Assert.Equal(client, Client.Of(address is null ? null : IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://localhost:5080", true)]
    [InlineData("http://127.0.0.1:0", true)]
    [InlineData("https://[::1]:5080", true)]
    [InlineData("http://unix:/run/kl3m.sock", true)]
    [InlineData("http://0.0.0.0:80", false)]
    [InlineData("http://[::]:8080", false)]
    [InlineData("http://*:8080", false)]
    [InlineData("http://+:8080", false)]
    [InlineData("http://192.168.1.10:8080", false)]
    [InlineData("http://127.0.0.1.evil.example:80", false)]
    public void Addresses_that_only_this_machine_reaches_are_known(string address, bool local) => Assert.Equal(local, Exposure.IsLoopback(address));

    [Fact]
    public void A_proxy_that_is_no_address_is_refused_by_its_setting()
    {
        Assert.Contains("Edge:KnownProxies holds 'nginx'", Assert.Throws<OptionsValidationException>(() => new EdgeApp(("Edge:KnownProxies:0", "nginx"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bound_that_is_out_of_range_is_refused_by_its_setting()
    {
        Assert.Contains("ApiPerMinute", Assert.Throws<OptionsValidationException>(() => new EdgeApp(("Limits:ApiPerMinute", "0"))).Message, StringComparison.Ordinal);
    }
}
