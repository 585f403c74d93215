using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Backends;

/// <summary>Loads model folders into the engine of this process.</summary>
internal sealed class InProcessBackend(IOptions<EngineOptions> options, TimeProvider time, ILogger<InferenceEngine> logger)
{
    /// <param name="cacheBytes">Room for keys and values; 0 leaves it to the engine.</param>
    public async Task<ITextGenerator> LoadAsync(ModelFolder folder, long cacheBytes, Action<LoadPhase, double?> report, CancellationToken cancellationToken) =>
        await EngineLoader.LoadAsync(folder.Path, folder.Id, options.Value with { KvCacheBytes = cacheBytes }, time, logger, new ReadingProgress(report), cancellationToken);

    /// <summary>Reports at once and in order, which <see cref="Progress{T}"/> does not promise.</summary>
    private sealed class ReadingProgress(Action<LoadPhase, double?> report) : IProgress<double>
    {
        public void Report(double value) => report(value < 1 ? LoadPhase.Reading : LoadPhase.WarmingUp, value);
    }
}
