using Kl3m.Inference;
using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Backends;

/// <summary>The models that can be asked now, and how loading stands. Read from anywhere; changed by the hosted service that loads.</summary>
public sealed class BackendCatalogue
{
    private volatile State state = new([], LoadPhase.Starting, null, null, null);

    /// <summary>Raised after each change, on the thread that made it: subscribers get themselves onto their own.</summary>
    public event Action? Changed;

    public IReadOnlyList<ITextGenerator> All => state.Generators;

    /// <summary>The model that a request without a name gets; null while nothing is loaded.</summary>
    public ITextGenerator? Default => state.Generators is [var first, ..] ? first : null;

    public LoadPhase Phase => state.Phase;

    /// <summary>0 to 1 while loading, where it is known.</summary>
    public double? Progress => state.Progress;

    /// <summary>Bytes, rate and what is left, while the model is downloaded.</summary>
    public DownloadProgress? Download => state.Download;

    /// <summary>Why loading failed, for people.</summary>
    public string? Error => state.Error;

    public ITextGenerator? Find(string? id) =>
        string.IsNullOrEmpty(id) ? Default : state.Generators.FirstOrDefault(generator => generator.Model.Id == id);

    internal void Downloading(DownloadProgress download) =>
        Set(state with { Phase = LoadPhase.Downloading, Progress = download.Share, Error = null, Download = download });

    internal void Loading(LoadPhase phase, double? progress = null) => Set(state with { Phase = phase, Progress = progress, Error = null, Download = null });

    internal void Ready(params IReadOnlyList<ITextGenerator> generators) => Set(new(generators, LoadPhase.Ready, null, null, null));

    internal void Failed(string error) => Set(state with { Phase = LoadPhase.Failed, Progress = null, Error = error, Download = null });

    private void Set(State next)
    {
        state = next;
        Changed?.Invoke();
    }

    private sealed record State(IReadOnlyList<ITextGenerator> Generators, LoadPhase Phase, double? Progress, string? Error, DownloadProgress? Download);
}

public enum LoadPhase
{
    Starting,
    Downloading,
    Reading,
    WarmingUp,
    Ready,
    Failed,
}
