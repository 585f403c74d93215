using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using Kl3m.Playground.Hub;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Backends.Library;

/// <summary>What a model takes on the device that it would run on.</summary>
internal delegate EngineMemory PlanMemory(GptNeoXConfig config);

/// <summary>Asks the hub about a model.</summary>
internal delegate Task<HubModel> LookAtHub(string id, CancellationToken cancellationToken);

/// <summary>
/// The one place where models are downloaded, loaded, unloaded and deleted: one download and one load at a time, whoever asks. All members may be
/// called from any thread; what goes wrong is told in the model's <see cref="LibraryModel.Problem"/> and never thrown.
/// </summary>
internal sealed partial class ModelLibrary(
    BackendCatalogue catalogue, LocalModels local, HubSettings hub, ModelSteps steps, IOptions<EngineOptions> engine, IOptions<LibraryOptions> options,
    TimeProvider time, ILogger<ModelLibrary> logger) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim downloads = new(1);
    private readonly SemaphoreSlim loads = new(1);
    private readonly Dictionary<string, CancellationTokenSource> jobs = [];
    private readonly Dictionary<string, ServedModel> served = [];
    private IReadOnlyList<LibraryModel> models = [];

    /// <summary>Raised after each change, on the thread that made it.</summary>
    public event Action? Changed;

    /// <summary>In the order of the page: the family, the bundled model, what lies here, what was typed in.</summary>
    public IReadOnlyList<LibraryModel> Models
    {
        get
        {
            lock (gate)
            {
                return models;
            }
        }
    }

    public LibraryModel? Find(string id) => Models.FirstOrDefault(model => model.Id == id);

    /// <summary>The loaded model behind a card; null where it is not loaded.</summary>
    public ServedModel? Served(string id)
    {
        lock (gate)
        {
            return served.GetValueOrDefault(id);
        }
    }

    /// <summary>Looks again at what lies on this machine. What is being worked on is left alone; so is what was typed in.</summary>
    public async Task ScanAsync()
    {
        var found = await Task.Run(() => local.Scan().Select(Planned).ToList());
        lock (gate)
        {
            var known = KnownModel.All.Where(model => found.All(other => other.Id != model.Id)).Select(Away);
            var kept = models.Where(model => model.IsBusy || model.IsResident || found.All(other => other.Id != model.Id)).ToDictionary(model => model.Id);
            var gone = kept.Values.Where(model => !model.IsBusy && !model.IsResident && model.Folder is { } folder && !Directory.Exists(folder)).ToList();
            gone.ForEach(model => kept.Remove(model.Id));
            models = [.. found.Concat(known).Select(model => kept.Remove(model.Id, out var same) && same.Condition != ModelCondition.Away ? same : model).ToList().Concat(kept.Values).OrderBy(Place)];
        }
        Changed?.Invoke();
    }

    /// <summary>Takes a model into the list: a name of the hub, which is asked about it, or a folder of this machine.</summary>
    /// <returns>Why not; null where it is there now.</returns>
    public async Task<string?> AddAsync(string text, CancellationToken cancellationToken = default)
    {
        var name = text.Trim();
        if (name.Length == 0)
        {
            return "Write owner/name of a model on the hub, or the path of a folder on this machine.";
        }
        if (name.Any(char.IsControl))
        {
            return "There are characters in it that no name has.";
        }
        if (Path.IsPathRooted(name))
        {
            return await AddFolderAsync(name);
        }
        if (Find(name) is not null)
        {
            return null;
        }
        try
        {
            if (!HubClient.IsId(name) || !name.Contains('/', StringComparison.Ordinal))
            {
                return $"'{name}' is neither owner/name of a model on the hub, such as {KnownModel.All[0].Id}, nor the full path of a folder.";
            }
            var model = await Task.Run(() => local.InCache(name)) ?? new LibraryModel(name, ModelSource.Hub, ModelCondition.Away);
            if (model.Condition is ModelCondition.Away or ModelCondition.Partial)
            {
                var told = await steps.Look(name, cancellationToken);
                model = model with { Config = GptNeoXConfig.Parse(told.Config.Span), DownloadBytes = told.Bytes };
            }
            Put(Planned(model));
            return null;
        }
        catch (Exception exception) when (exception is HubException or ModelFileException)
        {
            return exception is HubException ? exception.Message : $"{name} is not for this app: {exception.Message}";
        }
    }

    /// <summary>Takes a folder into the list under a name, as the configuration gives it.</summary>
    public void Put(ModelFolder folder) =>
        Put(Planned(LocalModels.Inspect(folder.Path, folder.Id, folder.Path == ModelFolder.BundledPath ? ModelSource.Bundled : HuggingFaceCache.IdOf(folder.Path) == folder.Id ? ModelSource.Hub : ModelSource.Folder)));

    /// <summary>Takes a model of the hub into the list without asking the hub.</summary>
    public void Put(string id)
    {
        if (Find(id) is null)
        {
            Put(KnownModel.Find(id) is { } known ? Away(known) : new LibraryModel(id, ModelSource.Hub, ModelCondition.Away));
        }
    }

    /// <summary>Removes a card; what lies on the disk stays.</summary>
    public void Forget(string id)
    {
        lock (gate)
        {
            models = [.. models.Where(model => model.Id != id || model.IsBusy || model.IsResident)];
        }
        Changed?.Invoke();
    }

    /// <summary>Ends a download, keeping what came, or a load.</summary>
    public void Cancel(string id)
    {
        lock (gate)
        {
            jobs.GetValueOrDefault(id)?.Cancel();
        }
    }

    public void MakeDefault(string id)
    {
        catalogue.MakeDefault(id);
        Changed?.Invoke();
    }

    /// <summary>Whether a model would fit beside those that are loaded but for <paramref name="instead"/>; null where that can't be known.</summary>
    public MemoryFit? Fit(LibraryModel model, long? cacheBytes = null, IEnumerable<string>? instead = null)
    {
        if (model.Memory is not { } memory || steps.ReadMemory(memory.Device) is not { } device)
        {
            return null;
        }
        var leaving = instead?.ToHashSet() ?? [];
        var beside = Models.Where(other => other.Id != model.Id && other.IsResident && other.Memory?.Device == memory.Device && !leaving.Contains(other.Id)).ToList();
        // A GPU's driver can't tell ours from others': what is loaded is there in full with its weights at least.
        var counted = memory.Device == "cpu" ? 0 : Models.Where(other => other.Condition == ModelCondition.Loaded && other.Memory?.Device == memory.Device).Sum(other => other.Memory!.WeightBytes);
        return new(device.Total, Math.Max(0, device.Others - counted), beside.Sum(other => other.NeededBytes), memory.WeightBytes, cacheBytes ?? model.CacheBytes, memory.CacheBytesPerToken);
    }

    public async ValueTask DisposeAsync()
    {
        ServedModel[] all;
        lock (gate)
        {
            jobs.Values.ToList().ForEach(job => job.Cancel());
            all = [.. served.Values];
            served.Clear();
        }
        foreach (var model in all)
        {
            await model.DisposeAsync();
        }
    }

    private async Task<string?> AddFolderAsync(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (!Directory.Exists(full))
        {
            return $"There is no folder {full} on this machine.";
        }
        var id = ModelFolder.NameOf(full);
        if (Find(id) is { Folder: { } there } && there != full)
        {
            return $"There is another model named {id} in the list ({there}). Rename the folder.";
        }
        // One that is in the list is looked at again, and its card says what is wrong.
        if (Find(id) is null && !LocalModels.LooksLikeModel(full))
        {
            return $"{full} holds no config.json, so it is no model's folder.";
        }
        Put(Planned(await Task.Run(() => LocalModels.Inspect(full, id, ModelSource.Folder))));
        return null;
    }

    private LibraryModel Away(KnownModel known) =>
        Planned(new(known.Id, ModelSource.Hub, ModelCondition.Away) { Config = known.Config, DownloadBytes = known.PublishedBytes });

    /// <summary>With what it would take in memory, where that can be known.</summary>
    private LibraryModel Planned(LibraryModel model)
    {
        if (model.Condition == ModelCondition.Partial && model.Config is null && model.Known is { } known)
        {
            model = model with { Config = known.Config };
        }
        if (model.Condition is ModelCondition.Away or ModelCondition.Partial && model.DownloadBytes is null)
        {
            model = model with { DownloadBytes = model.Known?.PublishedBytes };
        }
        if (model.Config is null || model.Memory is not null)
        {
            return model;
        }
        try
        {
            var memory = steps.Plan(model.Config);
            var device = steps.ReadMemory(memory.Device);
            return model with { Memory = memory, CacheBytes = memory.CacheBytes(engine.Value.KvCacheBytes, device?.Total, device?.Others ?? 0) };
        }
        catch (Exception exception) when (exception is TorchUnavailableException or ArgumentException)
        {
            return model; // loading will say it
        }
    }

    private static int Place(LibraryModel model) => model switch
    {
        { Known: not null } => KnownModel.All.ToList().FindIndex(known => known.Id == model.Id),
        { Source: ModelSource.Bundled } => 10,
        { Condition: ModelCondition.Refused } => 30,
        _ => 20,
    };

    private void Put(LibraryModel model)
    {
        lock (gate)
        {
            if (Find(model.Id) is { } former && (former.IsBusy || former.IsResident))
            {
                return;
            }
            models = [.. models.Where(other => other.Id != model.Id).Append(model).OrderBy(Place)];
        }
        Changed?.Invoke();
    }

    /// <summary>Changes a model if it is as expected; tells whether it was.</summary>
    private bool Change(string id, Func<LibraryModel, LibraryModel?> change)
    {
        lock (gate)
        {
            var index = models.ToList().FindIndex(model => model.Id == id);
            if (index < 0 || change(models[index]) is not { } next)
            {
                return false;
            }
            models = [.. models.Select((model, i) => i == index ? next : model)];
        }
        Changed?.Invoke();
        return true;
    }
}
