using Kl3m.Inference;
using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Backends;

/// <summary>
/// The models that can be asked now; several may be loaded, the first is the default. While there is none, also how the loading of one
/// stands. Read from anywhere; changed by whoever loads and unloads.
/// </summary>
public sealed class BackendCatalogue
{
    private readonly Lock gate = new();
    private volatile State state = new([], LoadPhase.Starting, null, null, null);

    /// <summary>Raised after each change, on the thread that made it: subscribers get themselves onto their own.</summary>
    public event Action? Changed;

    public IReadOnlyList<ITextGenerator> All => state.Generators;

    /// <summary>The model that a request without a name gets; null while nothing is loaded.</summary>
    public ITextGenerator? Default => state.Generators is [var first, ..] ? first : null;

    /// <summary><see cref="LoadPhase.Ready"/> as long as there is a model; else how far the loading of one is.</summary>
    public LoadPhase Phase => state.Generators.Count > 0 ? LoadPhase.Ready : state.Phase;

    /// <summary>0 to 1 while loading, where it is known.</summary>
    public double? Progress => state.Progress;

    /// <summary>Bytes, rate and what is left, while the model is downloaded.</summary>
    public DownloadProgress? Download => state.Download;

    /// <summary>Why there is no model, for people.</summary>
    public string? Error => state.Error;

    public ITextGenerator? Find(string? id) =>
        string.IsNullOrEmpty(id) ? Default : state.Generators.FirstOrDefault(generator => generator.Model.Id == id);

    /// <exception cref="ArgumentException">There is a model of that name already.</exception>
    internal void Add(ITextGenerator generator, bool asDefault = false) => Change(now =>
    {
        if (now.Generators.Any(other => other.Model.Id == generator.Model.Id))
        {
            throw new ArgumentException($"A model named {generator.Model.Id} is loaded already.", nameof(generator));
        }
        return Idle with { Generators = asDefault ? [generator, .. now.Generators] : [.. now.Generators, generator] };
    });

    /// <summary>Nobody new gets it from here; who holds it already keeps it.</summary>
    internal void Remove(ITextGenerator generator) => Change(now => now.Generators.Contains(generator)
        ? now with { Generators = [.. now.Generators.Where(other => other != generator)], Phase = LoadPhase.Unloaded, Error = "All models were unloaded. Load one on the Models page." }
        : now);

    internal void MakeDefault(string id) => Change(now => now.Generators.FirstOrDefault(generator => generator.Model.Id == id) is { } chosen
        ? now with { Generators = [chosen, .. now.Generators.Where(other => other != chosen)] }
        : now);

    internal void Downloading(DownloadProgress download) =>
        Change(now => now with { Phase = LoadPhase.Downloading, Progress = download.Share, Error = null, Download = download });

    internal void Loading(LoadPhase phase, double? progress = null) => Change(now => now with { Phase = phase, Progress = progress, Error = null, Download = null });

    /// <summary>These and no others.</summary>
    internal void Ready(params IReadOnlyList<ITextGenerator> generators) => Change(_ => Idle with { Generators = generators });

    internal void Failed(string error) => Change(now => now with { Phase = LoadPhase.Failed, Progress = null, Error = error, Download = null });

    /// <summary>A model's own state changed.</summary>
    internal void Tell() => Changed?.Invoke();

    private static State Idle { get; } = new([], LoadPhase.Ready, null, null, null);

    private void Change(Func<State, State> change)
    {
        lock (gate)
        {
            state = change(state);
        }
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

    /// <summary>There was a model, and somebody unloaded the last one.</summary>
    Unloaded,
}
