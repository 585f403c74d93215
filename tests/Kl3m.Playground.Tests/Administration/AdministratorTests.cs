using System.Net;
using System.Text.RegularExpressions;
using Kl3m.Playground.Administration;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Administration;

public sealed class AdministratorTests
{
    private static readonly EphemeralDataProtectionProvider Shared = new();
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Theory]
    [InlineData("http://localhost:5080", true)]
    [InlineData("http://127.0.0.1:0", true)]
    [InlineData("http://[::1]:5080", true)]
    [InlineData("http://0.0.0.0:5080", false)]
    [InlineData("http://*:5080", false)]
    [InlineData("http://[::]:5080", false)]
    [InlineData("http://192.168.1.5:5080", false)]
    [InlineData("http://unix:/run/kl3m.sock", false)]
    [InlineData("http://localhost.example.org:5080", false)]
    public void Only_the_loopback_interface_is_local(string address, bool local)
    {
        Assert.Equal(local, Make(null, address).IsLocalOnly);
        Assert.Equal(local, Make(null, "http://127.0.0.1:1", address).IsLocalOnly);
    }

    [Fact]
    public void Nothing_that_listens_is_not_local() => Assert.False(Make(null).IsLocalOnly);

    [Theory]
    [InlineData("localhost:5080", "127.0.0.1", null, true)]
    [InlineData("[::1]:5080", "::1", null, true)]
    [InlineData("evil.example:5080", "127.0.0.1", null, false)]
    [InlineData("localhost:5080", "127.0.0.1", "X-Forwarded-For", false)]
    [InlineData("localhost:5080", "127.0.0.1", "Forwarded", false)]
    [InlineData("localhost:5080", "127.0.0.1", "X-Original-For", false)]
    [InlineData("localhost:5080", "203.0.113.9", null, false)]
    public void A_proxy_or_a_foreign_name_is_not_this_machine(string host, string remote, string? header, bool local)
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(remote) } };
        context.Request.Host = new(host);
        if (header is not null)
        {
            context.Request.Headers[header] = "203.0.113.9";
        }
        Assert.Equal(local, Make(null, "http://localhost:5080").IsLocal(context.Request));
    }

    [Fact]
    public void A_passphrase_that_is_set_is_asked_of_this_machine_too_since_a_proxy_may_hide_itself()
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Loopback } };
        context.Request.Host = new("127.0.0.1:5080");
        Assert.True(Make(null, "http://127.0.0.1:5080").IsLocal(context.Request));
        Assert.False(Make("open sesame", "http://127.0.0.1:5080").IsLocal(context.Request));
    }

    [Fact]
    public void A_ticket_holds_for_its_time_its_passphrase_and_its_server()
    {
        var administrator = Make("open sesame");
        var ticket = administrator.Ticket();
        Assert.True(administrator.IsTicket(ticket));
        Assert.False(administrator.IsTicket(null));
        Assert.False(administrator.IsTicket(ticket[..^4] + "AAAA"));
        Assert.False(Make("open sesame").IsTicket(ticket));
        Assert.False(Make("another", protection: Shared).IsTicket(Make("open sesame", protection: Shared).Ticket()));
        time.Advance(TimeSpan.FromHours(12));
        Assert.False(administrator.IsTicket(ticket));
    }

    [Theory]
    [InlineData("open sesame", true)]
    [InlineData("open sesame ", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void The_passphrase_is_the_whole_passphrase(string? tried, bool right) => Assert.Equal(right, Make("open sesame").IsPassphrase(tried));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Where_none_is_set_none_is_right(string? passphrase)
    {
        var administrator = Make(passphrase);
        Assert.False(administrator.IsPassphrase(""));
        Assert.False(administrator.IsPassphrase(null));
        Assert.False(administrator.IsTicket(Make("x", protection: Shared).Ticket()));
    }

    [Fact]
    public async Task Over_HTTP_the_right_passphrase_gives_a_cookie_and_a_post_without_the_forms_token_is_refused()
    {
        await using var app = new PlaygroundFactory { Time = time, Settings = new Dictionary<string, string> { ["Admin:Passphrase"] = "open sesame" } };
        using var client = app.CreateClient(new() { AllowAutoRedirect = false });
        var page = await client.GetStringAsync(new Uri("/models", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("add-model", page, StringComparison.Ordinal);
        var token = Regex.Match(page, "name=\"__RequestVerificationToken\" value=\"([^\"]+)\"").Groups[1].Value;
        Assert.NotEmpty(token);

        async Task<HttpResponseMessage> Post(string passphrase, string? form) => await client.PostAsync(new Uri("/models/sign-in", UriKind.Relative),
            new FormUrlEncodedContent(new Dictionary<string, string?> { ["passphrase"] = passphrase, ["__RequestVerificationToken"] = form }!), TestContext.Current.CancellationToken);

        using var forged = await Post("open sesame", null);
        Assert.Equal("/models?signin=stale", forged.Headers.Location?.OriginalString);
        Assert.False(forged.Headers.Contains("Set-Cookie"));
        using var wrong = await Post("open barley", token);
        Assert.Equal("/models?signin=wrong", wrong.Headers.Location?.OriginalString);
        using var right = await Post("open sesame", token);
        Assert.Equal("/models", right.Headers.Location?.OriginalString);
        var cookie = Assert.Single(right.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("add-model", await client.GetStringAsync(new Uri("/models", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        for (var i = 0; i < 4; i++)
        {
            using var again = await Post("open barley", token);
            Assert.Equal("/models?signin=wrong", again.Headers.Location?.OriginalString);
        }
        using var sixth = await Post("open sesame", token);
        Assert.Equal("/models?signin=wait", sixth.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Without_a_passphrase_nobody_from_elsewhere_may_and_the_page_says_so()
    {
        await using var app = new PlaygroundFactory();
        using var client = app.CreateClient();
        var page = await client.GetStringAsync(new Uri("/models", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("Admin:Passphrase", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Unload", page, StringComparison.Ordinal);
    }

    

    private Administrator Make(string? passphrase, params string[] addresses) => Make(passphrase, new EphemeralDataProtectionProvider(), addresses);

    private Administrator Make(string? passphrase, IDataProtectionProvider protection, params string[] addresses) =>
        new(new Server(addresses), Options.Create(new AdministratorOptions { Passphrase = passphrase }), protection, time);

    private sealed class Server : IServer
    {
        public Server(string[] addresses)
        {
            var feature = new ServerAddressesFeature();
            Array.ForEach(addresses, feature.Addresses.Add);
            Features.Set<IServerAddressesFeature>(feature);
        }

        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken) where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
