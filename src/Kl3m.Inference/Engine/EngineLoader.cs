using Kl3m.Inference.Models;
using Kl3m.Inference.Tokenization;
using Kl3m.Inference.Weights;
using Microsoft.Extensions.Logging;

namespace Kl3m.Inference.Engine;

/// <summary>Makes an engine of a model folder: config.json, tokenizer.json and weights, as Hugging Face lays them out.</summary>
public static class EngineLoader
{
    /// <summary>Larger weights are hashed once the model serves: beside the loading they would take its disk and one of its cores.</summary>
    private const long HashedAtOnce = 256 << 20;

    /// <summary>Returns when the model is in memory and has run once.</summary>
    /// <param name="id">What clients call the model.</param>
    /// <param name="progress">0 to 1, as the weights come in; called on the engine's thread.</param>
    /// <exception cref="ModelFileException">A file of the folder is missing or broken; the message names it and the field.</exception>
    /// <exception cref="TorchUnavailableException">libtorch, or the device asked for, is not there.</exception>
    public static async Task<InferenceEngine> LoadAsync(
        string folder, string id, EngineOptions options, TimeProvider time, ILogger<InferenceEngine> logger, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        var config = GptNeoXConfig.Load(folder);
        var tokenizer = Tokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        if (tokenizer.VocabularySize > config.VocabSize)
        {
            throw new ModelFileException(Path.Combine(folder, "tokenizer.json"), "model.vocab", $"has ids up to {tokenizer.VocabularySize - 1}, and the model's vocab_size is {config.VocabSize}.");
        }
        var memory = EngineMemory.Of(config, options);
        var model = new ModelInfo
        {
            Id = id,
            ContextLength = config.MaxPositionEmbeddings,
            VocabularySize = config.VocabSize,
            EndTokenIds = EndTokens(config, tokenizer),
            ParameterCount = config.ParameterCount,
            Dtype = memory.Dtype,
            Device = memory.Device,
            Card = await ReadCardAsync(folder, cancellationToken).ConfigureAwait(false),
            LoadedAt = time.GetUtcNow(),
            FileHashes = ModelFileHashes.OfDescription(folder),
        };
        var cacheBytes = memory.CacheBytes(options.KvCacheBytes);
        var engine = new InferenceEngine(
            () => ModelRunner.Load(folder, config, memory.Device, memory.Dtype, cacheBytes, options.Threads, progress, cancellationToken),
            tokenizer, model, options, time, logger);
        try
        {
            await engine.StartAsync(cancellationToken).ConfigureAwait(false);
            var hashed = Task.Run(() => HashWeights(engine, folder), CancellationToken.None);
            if (ModelFileHashes.WeightBytes(folder) <= HashedAtOnce)
            {
                await hashed.ConfigureAwait(false);
            }
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static void HashWeights(InferenceEngine engine, string folder)
    {
        try
        {
            var all = new SortedDictionary<string, string>(engine.Model.FileHashes.Concat(ModelFileHashes.OfWeights(folder)).ToDictionary(), StringComparer.Ordinal);
            engine.Model = engine.Model with { FileHashes = all };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder went while the model runs on: receipts name its description alone.
        }
    }

    /// <summary>KL3M's configs name no end token though its tokenizer has one.</summary>
    private static IReadOnlyList<int> EndTokens(GptNeoXConfig config, Tokenizer tokenizer) =>
        config.EosTokenIds.Count > 0 ? config.EosTokenIds : tokenizer.Find("<|end|>") is { } end ? [end] : [];

    private static async Task<string?> ReadCardAsync(string folder, CancellationToken cancellationToken)
    {
        var card = Path.Combine(folder, "README.md");
        return File.Exists(card) ? await File.ReadAllTextAsync(card, cancellationToken).ConfigureAwait(false) : null;
    }
}
