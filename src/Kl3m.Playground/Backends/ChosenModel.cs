using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Backends;

/// <summary>
/// The model that one visitor works with: the one picked in the app bar as long as it is loaded, else the default. Lives as long as the
/// visitor's circuit.
/// </summary>
internal sealed class ChosenModel : IDisposable
{
    private readonly BackendCatalogue catalogue;
    private readonly Desk desk;
    private DeskGenerator? last;

    public ChosenModel(BackendCatalogue catalogue, Desk? desk = null)
    {
        this.catalogue = catalogue;
        this.desk = desk ?? new();
        catalogue.Changed += Tell;
    }

    /// <summary>The choice or the catalogue changed; raised on the thread that did it.</summary>
    public event Action? Changed;

    /// <summary>What was picked, loaded or not; null: whatever the default is.</summary>
    public string? Id { get; private set; }

    public ITextGenerator? Generator => (catalogue.Find(Id) ?? catalogue.Default) is { } model ? AtDesk(model) : null;

    /// <summary>All that are loaded.</summary>
    public IReadOnlyList<ITextGenerator> All => catalogue.All;

    /// <summary>The model of this id, null if it is not loaded; without an id the chosen one.</summary>
    public ITextGenerator? Find(string? id) =>
        string.IsNullOrEmpty(id) || id == Generator?.Model.Id ? Generator : catalogue.Find(id) is { } model ? new DeskGenerator(model, desk) : null;

    /// <summary>The model that wrote something, whichever is chosen now; null where it is not loaded any more, or splits text otherwise than it did.</summary>
    public ITextGenerator? WriterOf(ModelInfo recorded) =>
        Find(recorded.Id) is { } here && here.Model.Id == recorded.Id && ReplayWords.Hindrance(recorded, here.Model) is null ? here : null;

    public void Choose(string? id)
    {
        Id = id;
        Tell();
    }

    public void Dispose() => catalogue.Changed -= Tell;

    // The same object for the same model: pages compare what they hold with what is there.
    private DeskGenerator AtDesk(ITextGenerator model) => last is { } held && held.Inner == model ? held : last = new(model, desk);

    private void Tell() => Changed?.Invoke();
}
