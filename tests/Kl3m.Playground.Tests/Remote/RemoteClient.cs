using Kl3m.Inference;
using Kl3m.Inference.Tokenization;
using Kl3m.Playground.Backends.Remote;
using Kl3m.Playground.Tests.Edge;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>A generator over some servers, and short ways to ask it.</summary>
internal sealed class RemoteClient : IDisposable
{
    private RemoteClient(IEnumerable<RemoteServer> servers, Tokenizer? tokenizer, ModelInfo? model)
    {
        Servers = [.. servers];
        Generator = new(Servers, tokenizer ?? ByteTokenizer.Tokenizer, (model ?? Upstream.Model) with { TopOnly = 20, Dtype = "remote", Device = "there" }, TimeProvider.System);
    }

    public RemoteTextGenerator Generator { get; }

    public IReadOnlyList<RemoteServer> Servers { get; }

    public static Task<RemoteClient> ConnectAsync(params Upstream[] upstreams) => ConnectAsync([.. upstreams.Select(upstream => new RemoteOptions { Url = upstream.Url, Model = "fake" })]);

    public static Task<RemoteClient> ConnectAsync(params RemoteOptions[] options) => ConnectAsync(null, new LogText(), options);

    public static Task<RemoteClient> ConnectAsync(HttpMessageHandler? handler, LogText log, params RemoteOptions[] options) => ConnectAsync(handler, log, null, null, options);

    public static async Task<RemoteClient> ConnectAsync(HttpMessageHandler? handler, LogText log, Tokenizer? tokenizer, ModelInfo? model, params RemoteOptions[] options)
    {
        var client = new RemoteClient(options.Select(remote => new RemoteServer(remote, handler, log)), tokenizer, model);
        foreach (var server in client.Servers)
        {
            await server.ProbeAsync(default);
        }
        return client;
    }

    public static async Task<List<GenerationEvent>> RunAsync(ITextGenerator generator, GenerationRequest request) => await generator.GenerateAsync(request).ToListAsync();

    public Task<List<GenerationEvent>> RunAsync(GenerationRequest request) => RunAsync(Generator, request);

    /// <summary>What came before it failed, and how.</summary>
    public static async Task<(List<GenerationEvent> Events, Exception? Failure)> TryAsync(ITextGenerator generator, GenerationRequest request, Action<GenerationEvent>? seen = null)
    {
        var events = new List<GenerationEvent>();
        try
        {
            await foreach (var happened in generator.GenerateAsync(request))
            {
                events.Add(happened);
                seen?.Invoke(happened);
            }
            return (events, null);
        }
        catch (Exception failure)
        {
            return (events, failure);
        }
    }

    public void Dispose()
    {
        foreach (var server in Servers)
        {
            server.Dispose();
        }
    }
}
