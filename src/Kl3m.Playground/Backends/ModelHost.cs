using Kl3m.Inference;
using Kl3m.Playground.Hub;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Backends;

/// <summary>Loads a model folder; reports phases, and how far reading is (0 to 1), as it goes.</summary>
internal delegate Task<ITextGenerator> LoadModel(ModelFolder folder, Action<LoadPhase, double?> report, CancellationToken cancellationToken);

/// <summary>Brings a model of the hub onto this machine, reporting as it goes, and gives its folder; no report if it is there already.</summary>
internal delegate Task<string> FetchModel(string id, Action<DownloadProgress> report, CancellationToken cancellationToken);

/// <summary>
/// Fetches and loads the configured model when the app starts, and frees it when the app stops. A model that cannot be loaded does not take the
/// app down: the catalogue says why, readiness is red, and the pages still come up.
/// </summary>
internal sealed partial class ModelHost(
    BackendCatalogue catalogue, IOptions<ModelOptions> options, FetchModel fetch, LoadModel load, TimeProvider time, ILogger<ModelHost> logger) : BackgroundService
{
    private static readonly TimeSpan LogEvery = TimeSpan.FromSeconds(5);
    private ITextGenerator? generator;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the server starts to listen while the model loads
        try
        {
            var folder = options.Value.HubId is { } id ? new(await fetch(id, Downloading(id), stoppingToken), id) : ModelFolder.Find(options.Value);
            LogLoading(folder.Id, folder.Path);
            catalogue.Loading(LoadPhase.Reading);
            generator = await load(folder, catalogue.Loading, stoppingToken);
            catalogue.Ready(generator);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            LogFailed(exception);
            catalogue.Failed(exception.Message);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (generator is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }

    /// <summary>The page follows each report, the console some.</summary>
    private Action<DownloadProgress> Downloading(string id)
    {
        var (logged, whole) = (0L, false);
        return progress =>
        {
            catalogue.Downloading(progress);
            if (progress.Total > 0 && !whole && (logged == 0 || progress.Bytes == progress.Total || time.GetElapsedTime(logged) >= LogEvery))
            {
                (logged, whole) = (time.GetTimestamp(), progress.Bytes == progress.Total);
                LogDownloading(id, progress);
            }
        };
    }

    [LoggerMessage(LogLevel.Information, "Downloading {Model}: {Progress}")]
    private partial void LogDownloading(string model, DownloadProgress progress);

    [LoggerMessage(LogLevel.Information, "Loading {Model} from {Folder}")]
    private partial void LogLoading(string model, string folder);

    [LoggerMessage(LogLevel.Critical, "The model could not be loaded; the app serves without one")]
    private partial void LogFailed(Exception exception);
}
