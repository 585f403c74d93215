using Kl3m.Playground.Administration;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Backends.Library;
using Microsoft.AspNetCore.Components.Authorization;

namespace Kl3m.Playground.Components.Pages.Models;

/// <summary>What one visitor of the Models page has before them. The models themselves are the library's, the same for all; so is what is done to them.</summary>
internal sealed class ModelsState(ModelLibrary library, BackendCatalogue catalogue, ChosenModel chosen, AuthenticationStateProvider visitor) : IDisposable
{
    private readonly CancellationTokenSource leaving = new();
    private readonly Dictionary<string, long> tokens = [];

    /// <summary>What is typed and asked here; not what happens in the library.</summary>
    public event Action? Changed;

    /// <summary>The library's, and those that other servers serve.</summary>
    public IReadOnlyList<LibraryModel> Models =>
    [
        .. library.Models,
        .. catalogue.All.Where(generator => library.Find(generator.Model.Id) is not { IsResident: true })
            .Select(generator => new LibraryModel(generator.Model.Id, ModelSource.Remote, ModelCondition.Loaded) { Info = generator.Model }),
    ];

    /// <summary>Whether this visitor may change what the server holds.</summary>
    public bool MayManage { get; private set; }

    public string Typed { get; set; } = "";

    /// <summary>The hub is being asked about what was typed.</summary>
    public bool IsAsking { get; private set; }

    public string? TypedProblem { get; private set; }

    /// <summary>The card that was added last, to be looked at first.</summary>
    public string? Added { get; private set; }

    public string? DefaultId => catalogue.Default?.Model.Id;

    /// <summary>The model that this visitor works with.</summary>
    public string? ChosenId => chosen.Generator?.Model.Id;

    public async Task StartAsync() => MayManage = Administrator.Is((await visitor.GetAuthenticationStateAsync()).User);

    public MemoryFit? Fit(LibraryModel model) => library.Fit(model, CacheBytes(model));

    /// <summary>The models that have to go before this one fits, fewest first; empty where it fits, or none would help.</summary>
    public IReadOnlyList<string> Obstacles(LibraryModel model)
    {
        if (!model.CanLoad || Fit(model) is not { Fits: false })
        {
            return [];
        }
        var loaded = Models.Where(other => other.CanUnload && other.Memory?.Device == model.Memory?.Device).OrderByDescending(other => other.NeededBytes).Select(other => other.Id).ToList();
        return Enumerable.Range(1, loaded.Count).Select(count => loaded.Take(count).ToList())
            .FirstOrDefault(some => library.Fit(model, CacheBytes(model), some) is { Fits: true }) ?? [];
    }

    /// <summary>Loads with room for so many tokens when it is loaded, instead of the usual.</summary>
    public void UseTokens(LibraryModel model, long count)
    {
        tokens[model.Id] = count;
        Changed?.Invoke();
    }

    public bool HasOwnTokens(LibraryModel model) => tokens.ContainsKey(model.Id);

    public async Task AddAsync()
    {
        if (!MayManage || IsAsking)
        {
            return;
        }
        (IsAsking, TypedProblem) = (true, null);
        Changed?.Invoke();
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(leaving.Token);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            TypedProblem = await library.AddAsync(Typed, limit.Token);
            if (TypedProblem is null)
            {
                (Added, Typed) = (Typed.Trim(), "");
            }
        }
        catch (OperationCanceledException)
        {
            TypedProblem = "The hub gave no answer within 30 seconds. Try again, or look at HF_ENDPOINT.";
        }
        finally
        {
            IsAsking = false;
            Changed?.Invoke();
        }
    }

    public void Download(LibraryModel model, bool thenLoad) => Manage(() => library.DownloadAsync(model.Id, thenLoad));

    public void Load(LibraryModel model, IReadOnlyList<string>? instead = null) =>
        Manage(() => library.LoadAsync(model.Id, tokens.TryGetValue(model.Id, out var count) ? count : null, instead));

    public void Unload(LibraryModel model) => Manage(() => library.UnloadAsync(model.Id));

    public void Cancel(LibraryModel model) => Manage(() => library.Cancel(model.Id));

    public void MakeDefault(LibraryModel model) => Manage(() => library.MakeDefault(model.Id));

    public void Forget(LibraryModel model) => Manage(() => library.Forget(model.Id));

    public void LookAgain(LibraryModel model) => Manage(() => model is { Source: ModelSource.Folder, Folder: { } folder } ? library.AddAsync(folder) : library.ScanAsync());

    /// <summary>For this visitor only; anybody may.</summary>
    public void Choose(LibraryModel model) => chosen.Choose(model.Id);

    public void Delete(LibraryModel model) => Manage(() => library.DeleteAsync(model.Id));

    /// <summary>Generations that these models have in work.</summary>
    public int Running(IEnumerable<string> ids) => ids.Sum(id => library.Served(id)?.Running ?? 0);

    /// <summary>What those go on with who use this model, once it is unloaded; null where nothing else is loaded.</summary>
    public string? After(LibraryModel model) => catalogue.All.FirstOrDefault(generator => generator.Model.Id != model.Id)?.Model.Id;

    public void Dispose()
    {
        leaving.Cancel();
        leaving.Dispose();
    }

    private long? CacheBytes(LibraryModel model) => tokens.TryGetValue(model.Id, out var count) ? count * model.Memory?.CacheBytesPerToken : null;

    // The library works on for everybody, also when this visitor leaves: nothing here waits for it.
    private void Manage(Func<Task> action)
    {
        if (MayManage)
        {
            _ = action();
        }
    }

    private void Manage(Action action)
    {
        if (MayManage)
        {
            action();
        }
    }
}
