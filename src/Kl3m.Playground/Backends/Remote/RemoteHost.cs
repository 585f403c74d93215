using Kl3m.Inference;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>
/// Finds the configured servers and goes on asking them for their models. A model is offered from the first time that one of its servers
/// answers; from then on a sick server is left out of the turns, and comes back by itself.
/// </summary>
internal sealed partial class RemoteHost(IReadOnlyList<RemoteOptions> remotes, BackendCatalogue catalogue, TimeProvider time, ILogger<RemoteHost> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        await Task.WhenAll(remotes.GroupBy(remote => remote.Model).Select(group => ServeAsync([.. group], stoppingToken)));
    }

    private async Task ServeAsync(IReadOnlyList<RemoteOptions> options, CancellationToken stoppingToken)
    {
        var servers = options.Select(remote => new RemoteServer(remote, null, logger)).ToArray();
        try
        {
            var tokenizer = Tokenizer.Load(TokenizerPath(options));
            using var timer = new PeriodicTimer(options.Min(remote => remote.Poll), time);
            RemoteTextGenerator? generator = null;
            var healthy = true;
            do
            {
                await Task.WhenAll(servers.Select(server => server.ProbeAsync(stoppingToken)));
                if (generator is null && servers.FirstOrDefault(server => server.Model is not null) is { } first)
                {
                    generator = new(servers, tokenizer, Describe(first, servers, tokenizer), time);
                    catalogue.Add(new ServedModel(generator, time));
                }
                else if (generator is not null && generator.IsHealthy != healthy)
                {
                    healthy = generator.IsHealthy;
                    catalogue.Tell(); // the state that pages show
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The app ends.
        }
        catch (Exception failure) when (failure is ModelFileException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            LogFailed(failure, options[0].Model);
        }
        finally
        {
            foreach (var server in servers)
            {
                server.Dispose();
            }
        }
    }

    private ModelInfo Describe(RemoteServer first, IReadOnlyList<RemoteServer> servers, Tokenizer tokenizer) => new()
    {
        Id = first.Options.Model,
        ContextLength = first.Options.ContextLength ?? first.Listed.MaxModelLen ?? first.Listed.Meta?.NCtx ?? first.Listed.Meta?.NCtxTrain ?? 2048,
        VocabularySize = Math.Max(first.Options.VocabularySize ?? first.Listed.Meta?.NVocab ?? 0, tokenizer.VocabularySize),
        EndTokenIds = tokenizer.Find("<|end|>") is { } end ? [end] : [],
        ParameterCount = 0,
        Dtype = "remote",
        Device = string.Join(", ", servers.Select(server => server.Name)),
        TopOnly = first.Options.Alternatives,
        LoadedAt = time.GetUtcNow(),
    };

    /// <exception cref="FileNotFoundException">There is no tokenizer.json; the message says where one was looked for.</exception>
    private static string TokenizerPath(IReadOnlyList<RemoteOptions> options)
    {
        var cached = Path.Combine(HuggingFaceCache.Root, $"models--{options[0].Model.Replace("/", "--", StringComparison.Ordinal)}", "snapshots");
        if (options.Select(remote => remote.Tokenizer).FirstOrDefault(path => !string.IsNullOrEmpty(path)) is { } named)
        {
            return Directory.Exists(named) ? Path.Combine(named, "tokenizer.json") : named;
        }
        return (Directory.Exists(cached) ? Directory.EnumerateFiles(cached, "tokenizer.json", SearchOption.AllDirectories).FirstOrDefault() : null)
            ?? throw new FileNotFoundException($"There is no tokenizer.json for {options[0].Model}: none is named in Remotes:Tokenizer, and the Hugging Face cache ({cached}) has none.");
    }

    [LoggerMessage(LogLevel.Critical, "{Model} cannot be served from its remote servers")]
    private partial void LogFailed(Exception failure, string model);
}
