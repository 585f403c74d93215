using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Tests.Shared;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>A second instance of our own server on a real port, and a line to it that can be cut.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private readonly PlaygroundFactory plain;
    private readonly WebApplicationFactory<Program> factory;
    private readonly IAsyncDisposable? engine;

    private Upstream(ITextGenerator generator, (string Key, string Value)[] settings)
    {
        engine = generator as IAsyncDisposable;
        Generator = generator;
        plain = new(generator);
        factory = plain.WithWebHostBuilder(builder =>
        {
            builder.UseSetting("urls", "http://127.0.0.1:0");
            foreach (var (key, value) in settings)
            {
                builder.UseSetting(key, value);
            }
        });
        factory.UseKestrel();
        factory.StartServer();
        Line = new(new Uri(factory.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single()).Port);
    }

    public ITextGenerator Generator { get; }

    public TcpLine Line { get; }

    public string Url => $"http://127.0.0.1:{Line.Port}";

    public static ModelInfo Model => ByteTokenizer.Model;

    public static Upstream Of(ITextGenerator generator, params (string Key, string Value)[] settings) => new(generator, settings);

    /// <summary>A real engine on a made-up model, so that the numbers hang together.</summary>
    public static async Task<Upstream> WithEngineAsync(Func<FakeModelRunner>? runner = null, params (string Key, string Value)[] settings)
    {
        var engine = new InferenceEngine(runner ?? (() => new()), ByteTokenizer.Tokenizer, Model, new(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        await engine.StartAsync();
        return new(engine, settings);
    }

    public async ValueTask DisposeAsync()
    {
        Line.Dispose();
        await factory.DisposeAsync();
        await plain.DisposeAsync();
        if (engine is not null)
        {
            await engine.DisposeAsync();
        }
    }
}
