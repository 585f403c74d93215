using Kl3m.Playground.Backends.Library;
using Kl3m.Playground.Hub;
using Kl3m.Inference;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Backends;

/// <summary>Loads a model folder with so much room for keys and values; reports phases, and how far reading is (0 to 1), as it goes.</summary>
internal delegate Task<ITextGenerator> LoadModel(ModelFolder folder, long cacheBytes, Action<LoadPhase, double?> report, CancellationToken cancellationToken);

/// <summary>Brings a model of the hub onto this machine, reporting as it goes, and gives its folder; no report if it is there already.</summary>
internal delegate Task<string> FetchModel(string id, Action<DownloadProgress> report, CancellationToken cancellationToken);

/// <summary>
/// Fetches and loads the configured model when the app starts, and frees all models when it stops. A model that cannot be loaded does not take the
/// app down: the catalogue says why, readiness is red, and the pages still come up.
/// </summary>
internal sealed partial class ModelHost(BackendCatalogue catalogue, ModelLibrary library, IOptions<ModelOptions> options, ILogger<ModelHost> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the server starts to listen while the model loads
        var scanning = library.ScanAsync();
        try
        {
            if (options.Value.None)
            {
                LogNone();
            }
            else if (options.Value.HubId is { } id)
            {
                library.Put(id);
                await using var _ = stoppingToken.Register(() => library.Cancel(id));
                await library.DownloadAsync(id, thenLoad: true, shrink: true);
            }
            else
            {
                var folder = ModelFolder.Find(options.Value);
                library.Put(folder);
                await using var _ = stoppingToken.Register(() => library.Cancel(folder.Id));
                await library.LoadAsync(folder.Id, shrink: true);
            }
        }
        catch (DirectoryNotFoundException exception)
        {
            LogNoFolder(exception.Message);
            catalogue.Failed(exception.Message);
        }
        await scanning;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await library.DisposeAsync();
    }

    [LoggerMessage(LogLevel.Information, "No model is loaded here (Model:None)")]
    private partial void LogNone();

    [LoggerMessage(LogLevel.Critical, "{Problem} The app serves without a model")]
    private partial void LogNoFolder(string problem);
}
