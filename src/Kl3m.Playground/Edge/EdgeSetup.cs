using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using Kl3m.Playground.Api;
using Kl3m.Playground.Edge.SignIn;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Edge;

/// <summary>Everything between the network and the app, in <c>Program.cs</c>. SECURITY.md says what is kept from what.</summary>
internal static class EdgeSetup
{
    public static void AddEdge(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<EdgeOptions>().BindConfiguration("Edge");
        services.AddOptions<AccessOptions>().BindConfiguration("Access");
        services.AddOptions<ApiOptions>().BindConfiguration("Api");
        services.AddOptions<LimitOptions>().BindConfiguration("Limits").ValidateOnStart();
        services.AddSingleton<IValidateOptions<LimitOptions>, LimitOptionsValidator>();
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<EdgeOptions>>((forwarded, edge) => Trust(forwarded, edge.Value.KnownProxies));
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = JsonBody.MaxBytes;
        });
        services.AddSingleton<Exposure>();
        services.AddHostedService(provider => provider.GetRequiredService<Exposure>());
        services.AddSingleton<CircuitCount>();
        services.AddSingleton<CircuitHandler>(provider => provider.GetRequiredService<CircuitCount>());
        services.AddSingleton<AccessCookie>();
        services.AddSingleton(provider => new AttemptLimit(provider.GetRequiredService<IOptions<LimitOptions>>().Value.WrongCodesPerMinute, provider.GetRequiredService<TimeProvider>()));
        // Files are compressed when the app is built; here are the pages. Their only secrets, the forms' tokens, are new with each answer, so
        // that their length tells nobody anything (BREACH).
        services.AddResponseCompression(pages => (pages.EnableForHttps, pages.MimeTypes) = (true, ["text/html"]));
        services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Optimal);
        services.AddRateLimits();
        if (builder.Configuration["Redis:Connection"] is { Length: > 0 } redis)
        {
            services.AddSingleton(new RedisLine(redis));
        }
        builder.AddSignIn();
        AddKeys(services, builder.Configuration);
    }

    /// <summary>Stands first: whoever is refused here reaches nothing behind it.</summary>
    public static void UseEdge(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseSecurityHeaders();
        if (!app.Environment.IsDevelopment())
        {
            app.UseExceptionHandler(failed => failed.Run(SayBrokenAsync));
            app.UseHsts();
        }
        app.UseResponseCompression();
        app.UseForeignPageChecks();
        app.UseRateLimiter();
        if (app.Services.GetRequiredService<IOptions<SignInOptions>>().Value.IsSet)
        {
            app.UseAuthentication(); // here and not where the builder would put it: addresses must be the public ones by now
        }
        app.UseMiddleware<AccessGate>();
        app.UseCircuitLimit();
    }

    /// <summary>What signs cookies and forms. Several nodes need the same keys, or each would refuse what another one gave.</summary>
    private static void AddKeys(IServiceCollection services, ConfigurationManager configuration)
    {
        var keys = services.AddDataProtection().SetApplicationName("Kl3m.Playground"); // the same on every node, wherever it is installed
        if (configuration["DataProtection:Folder"] is { Length: > 0 } folder)
        {
            keys.PersistKeysToFileSystem(Directory.CreateDirectory(folder));
        }
        else if (configuration["Redis:Connection"] is { Length: > 0 })
        {
            services.AddOptions<KeyManagementOptions>().Configure<RedisLine>((options, line) => options.XmlRepository = new RedisKeys(line));
        }
    }

    private static Task SayBrokenAsync(HttpContext context) =>
        new RazorComponentResult<BrokenPage>(new { Number = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier })
        {
            StatusCode = StatusCodes.Status500InternalServerError,
        }.ExecuteAsync(context);

    /// <exception cref="OptionsValidationException">An entry is neither an address nor a network.</exception>
    private static void Trust(ForwardedHeadersOptions forwarded, IReadOnlyList<string> proxies)
    {
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
        forwarded.ForwardLimit = null; // every hop must be known; how many there are does not matter
        foreach (var proxy in proxies)
        {
            if (IPAddress.TryParse(proxy, out var address))
            {
                forwarded.KnownProxies.Add(address);
            }
            else if (System.Net.IPNetwork.TryParse(proxy, out var network))
            {
                forwarded.KnownIPNetworks.Add(network);
            }
            else
            {
                throw new OptionsValidationException("Edge:KnownProxies", typeof(EdgeOptions),
                    [$"Edge:KnownProxies holds '{proxy}', which is neither an address (10.0.0.7) nor a network (10.0.0.0/8)."]);
            }
        }
    }
}
