using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Backends.Library;

/// <summary>A model as the Models page shows it, at one moment.</summary>
/// <param name="Id">What clients call it, and its key in the library.</param>
public sealed record LibraryModel(string Id, ModelSource Source, ModelCondition Condition)
{
    /// <summary>Where it lies; null while it is on the hub only.</summary>
    public string? Folder { get; init; }

    /// <summary>Its config.json; null where that could not be read.</summary>
    public GptNeoXConfig? Config { get; init; }

    /// <summary>Bytes that lie here, whole or not.</summary>
    public long DiskBytes { get; init; }

    /// <summary>Bytes of the files that a download brings; null where only the hub knows, and has not been asked.</summary>
    public long? DownloadBytes { get; init; }

    /// <summary>The README.md of its folder, with its YAML head.</summary>
    public string? Card { get; init; }

    /// <summary>What the device must hold; null where the config is unknown, or libtorch is not there.</summary>
    public EngineMemory? Memory { get; init; }

    /// <summary>The room for keys and values that it has, or would be loaded with.</summary>
    public long CacheBytes { get; init; }

    /// <summary>What another server says of a model of its own.</summary>
    public ModelInfo? Info { get; init; }

    public DownloadProgress? Download { get; init; }

    public LoadPhase Phase { get; init; }

    /// <summary>Of reading, 0 to 1.</summary>
    public double? Progress { get; init; }

    /// <summary>What went wrong last, or why it is refused: a sentence for people that ends with what to do.</summary>
    public string? Problem { get; init; }

    public KnownModel? Known => KnownModel.Find(Id);

    public bool IsBusy => Condition is ModelCondition.Waiting or ModelCondition.Downloading or ModelCondition.Loading or ModelCondition.Unloading;

    /// <summary>It holds memory, or is about to.</summary>
    public bool IsResident => Condition is ModelCondition.Loading or ModelCondition.Loaded or ModelCondition.Unloading;

    public bool CanDownload => Source == ModelSource.Hub && Condition is ModelCondition.Away or ModelCondition.Partial;

    public bool CanLoad => Condition == ModelCondition.Here;

    public bool CanUnload => Condition == ModelCondition.Loaded && Source != ModelSource.Remote;

    /// <summary>Only what the hub can bring again.</summary>
    public bool CanDelete => Source == ModelSource.Hub && Condition is ModelCondition.Here or ModelCondition.Partial or ModelCondition.Refused;

    public long NeededBytes => (Memory?.WeightBytes ?? 0) + CacheBytes;
}
