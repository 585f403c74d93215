using Kl3m.Inference;

namespace Kl3m.Playground.Backends;

/// <summary>
/// The model that one visitor works with: the one picked in the app bar as long as it is loaded, else the default. Lives as long as the
/// visitor's circuit.
/// </summary>
public sealed class ChosenModel : IDisposable
{
    private readonly BackendCatalogue catalogue;

    public ChosenModel(BackendCatalogue catalogue)
    {
        this.catalogue = catalogue;
        catalogue.Changed += Tell;
    }

    /// <summary>The choice or the catalogue changed; raised on the thread that did it.</summary>
    public event Action? Changed;

    /// <summary>What was picked, loaded or not; null: whatever the default is.</summary>
    public string? Id { get; private set; }

    public ITextGenerator? Generator => catalogue.Find(Id) ?? catalogue.Default;

    /// <summary>All that are loaded.</summary>
    public IReadOnlyList<ITextGenerator> All => catalogue.All;

    /// <summary>The model of this id, null if it is not loaded; without an id the chosen one.</summary>
    public ITextGenerator? Find(string? id) => string.IsNullOrEmpty(id) ? Generator : catalogue.Find(id);

    public void Choose(string? id)
    {
        Id = id;
        Tell();
    }

    public void Dispose() => catalogue.Changed -= Tell;

    private void Tell() => Changed?.Invoke();
}
