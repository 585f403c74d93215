using Kl3m.Inference;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Backends;

/// <summary>Loads a model folder; reports phases, and how far reading is (0 to 1), as it goes.</summary>
internal delegate Task<ITextGenerator> LoadModel(ModelFolder folder, Action<LoadPhase, double?> report, CancellationToken cancellationToken);

/// <summary>
/// Loads the configured model when the app starts, and frees it when the app stops. A model that cannot be loaded does not take the
/// app down: the catalogue says why, readiness is red, and the pages still come up.
/// </summary>
internal sealed partial class ModelHost(BackendCatalogue catalogue, IOptions<ModelOptions> options, LoadModel load, ILogger<ModelHost> logger) : BackgroundService
{
    private ITextGenerator? generator;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the server starts to listen while the model loads
        try
        {
            var folder = ModelFolder.Find(options.Value);
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

    [LoggerMessage(LogLevel.Information, "Loading {Model} from {Folder}")]
    private partial void LogLoading(string model, string folder);

    [LoggerMessage(LogLevel.Critical, "The model could not be loaded; the app serves without one")]
    private partial void LogFailed(Exception exception);
}
