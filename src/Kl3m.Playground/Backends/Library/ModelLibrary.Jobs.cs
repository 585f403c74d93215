using System.Globalization;
using Kl3m.Inference;
using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Backends.Library;

internal sealed partial class ModelLibrary
{
    private static readonly TimeSpan LogEvery = TimeSpan.FromSeconds(5);

    /// <summary>Brings a model of the hub here, going on where a former try ended; then loads it, if that is asked for and it fits.</summary>
    /// <param name="shrink">As in <see cref="LoadAsync(string, long?, IReadOnlyList{string}?, bool)"/>.</param>
    public async Task DownloadAsync(string id, bool thenLoad = false, bool shrink = false)
    {
        using var job = new CancellationTokenSource();
        if (!Change(id, model => model.Source == ModelSource.Hub && model is { IsBusy: false, IsResident: false, Condition: not ModelCondition.Here }
            ? model with { Condition = ModelCondition.Waiting, Problem = null } : null) || !Begin(id, job))
        {
            return;
        }
        try
        {
            await downloads.WaitAsync(job.Token);
            try
            {
                Change(id, model => model with { Condition = ModelCondition.Downloading, Download = new(0, 0, null) });
                var folder = await Task.Run(() => steps.Fetch(id, Reporting(id, thenLoad), job.Token), job.Token);
                var found = await Task.Run(() => Planned(LocalModels.Inspect(folder, id, ModelSource.Hub)));
                Change(id, _ => found);
            }
            finally
            {
                downloads.Release();
            }
        }
        catch (OperationCanceledException) when (job.IsCancellationRequested)
        {
            BrokenOff(id, null);
        }
        catch (Exception exception)
        {
            // The edge of a job that nobody awaits: whatever went wrong is told on the card.
            LogFailed(exception, "download", id);
            BrokenOff(id, exception.Message);
        }
        finally
        {
            End(id);
        }
        if (thenLoad && Find(id) is { Folder: not null })
        {
            await LoadAsync(id, shrink: shrink);
        }
    }

    /// <summary>Loads a model that lies here, and makes it the default.</summary>
    /// <param name="cacheTokens">Room for keys and values, where another than the usual is wanted.</param>
    /// <param name="instead">Models to unload first; they come back if this one can't be loaded.</param>
    /// <param name="shrink">Takes a smaller cache where the usual does not fit, for a start that nobody watches.</param>
    public async Task LoadAsync(string id, long? cacheTokens = null, IReadOnlyList<string>? instead = null, bool shrink = false)
    {
        using var job = new CancellationTokenSource();
        if (!Change(id, model => model is { IsBusy: false, IsResident: false, Folder: not null } ? model with { Condition = ModelCondition.Waiting, Problem = null } : null) || !Begin(id, job))
        {
            return;
        }
        var left = new List<string>();
        var before = Find(id)?.Config is null ? ModelCondition.Refused : ModelCondition.Here;
        try
        {
            await loads.WaitAsync(job.Token);
            try
            {
                var model = Find(id)!;
                if (catalogue.All.Any(other => other.Model.Id == id))
                {
                    throw new InvalidOperationException($"Another server's model is called {id} too, and a name can't mean two. Rename one of them.");
                }
                var cache = cacheTokens * model.Memory?.CacheBytesPerToken ?? model.CacheBytes;
                cache = RequireRoom(model, cache, instead, shrink);
                foreach (var other in instead ?? [])
                {
                    left.Add(other);
                    await CloseAsync(other);
                }
                await LoadAsync(model, cache, job.Token);
            }
            catch when (left.Count > 0)
            {
                foreach (var former in left.Select(Find).OfType<LibraryModel>().Where(former => former.Condition == ModelCondition.Here))
                {
                    await LoadAsync(former, former.CacheBytes, CancellationToken.None);
                }
                throw;
            }
            finally
            {
                loads.Release();
            }
        }
        catch (OperationCanceledException) when (job.IsCancellationRequested)
        {
            NotLoaded(id, before, null);
        }
        catch (Exception exception)
        {
            LogFailed(exception, "load", id);
            NotLoaded(id, before, exception.Message);
        }
        finally
        {
            End(id);
        }
    }

    /// <summary>How long generations may go on when their model is unloaded.</summary>
    public TimeSpan Patience => TimeSpan.FromSeconds(options.Value.DrainSeconds);

    /// <summary>Lets what runs end (at most for <see cref="LibraryOptions.DrainSeconds"/>), and frees the model.</summary>
    public async Task UnloadAsync(string id)
    {
        if (!Change(id, model => model.CanUnload ? model with { Condition = ModelCondition.Unloading, Problem = null } : null))
        {
            return;
        }
        // In the line's way and not in it: what is loading now must not make this wait for minutes.
        await CloseAsync(id);
    }

    /// <summary>Deletes the files of a model of the hub, for all tools that share the cache.</summary>
    public async Task DeleteAsync(string id)
    {
        if (Find(id) is not { CanDelete: true, IsBusy: false } model)
        {
            return;
        }
        try
        {
            await Task.Run(new CachedRepository(hub.CacheRoot, id).Delete);
            var away = model.Known is { } known ? Away(known)
                : model with { Condition = ModelCondition.Away, Folder = null, DiskBytes = 0, DownloadBytes = model.DownloadBytes ?? model.DiskBytes, Card = null, Problem = null };
            Change(id, _ => away);
        }
        catch (HubException exception)
        {
            Change(id, now => now with { Problem = exception.Message });
        }
    }

    private async Task LoadAsync(LibraryModel model, long cacheBytes, CancellationToken cancellationToken)
    {
        void Report(LoadPhase phase, double? progress)
        {
            catalogue.Loading(phase, progress);
            Change(model.Id, now => now with { Condition = ModelCondition.Loading, Phase = phase, Progress = progress });
        }
        LogLoading(model.Id, model.Folder!);
        Report(LoadPhase.Reading, null);
        Change(model.Id, now => now with { CacheBytes = cacheBytes });
        ServedModel loaded;
        try
        {
            loaded = new(await steps.Load(new(model.Folder!, model.Id), cacheBytes, Report, cancellationToken), time);
        }
        catch (Exception exception)
        {
            Change(model.Id, now => now with { Condition = ModelCondition.Here, Progress = null, Problem = exception.Message });
            throw;
        }
        lock (gate)
        {
            served[model.Id] = loaded;
        }
        Change(model.Id, now => now with { Condition = ModelCondition.Loaded, Progress = null, Problem = null, Memory = now.Memory });
        catalogue.Add(loaded, asDefault: true);
    }

    private async Task CloseAsync(string id)
    {
        ServedModel? closing;
        lock (gate)
        {
            served.Remove(id, out closing);
        }
        if (closing is null)
        {
            return;
        }
        Change(id, model => model with { Condition = ModelCondition.Unloading });
        catalogue.Remove(closing);
        var cut = await Task.Run(() => closing.CloseAsync(Patience));
        LogUnloaded(id, cut);
        Change(id, model => model with { Condition = ModelCondition.Here });
    }

    /// <summary>The cache that it can be loaded with.</summary>
    /// <exception cref="InvalidOperationException">It would not fit; with the numbers, and what would.</exception>
    private long RequireRoom(LibraryModel model, long cacheBytes, IReadOnlyList<string>? instead, bool shrink)
    {
        if (Fit(model, cacheBytes, instead) is not { Fits: false } fit)
        {
            return cacheBytes;
        }
        if (shrink && fit.FittingTokens is { } tokens)
        {
            LogSmallerCache(model.Id, tokens);
            return tokens * fit.CacheBytesPerToken;
        }
        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"{model.Id} does not fit: {DownloadProgress.Size(fit.Weights)} of weights and {DownloadProgress.Size(fit.Cache)} for keys and values, and {DownloadProgress.Size(fit.Free)} are free. ")
            + (fit.FittingTokens is { } fitting ? string.Create(CultureInfo.InvariantCulture, $"Room for {fitting:N0} tokens would fit (Engine:KvCacheBytes={fitting * fit.CacheBytesPerToken}).") : "Unload another model, or take a smaller one."));
    }

    private void BrokenOff(string id, string? problem)
    {
        catalogue.Failed(problem ?? $"The download of {id} was cancelled. What came is kept.");
        var there = local.InCache(id);
        Change(id, model => model with
        {
            Condition = there?.Condition ?? ModelCondition.Away,
            Folder = there?.Folder,
            DiskBytes = there?.DiskBytes ?? 0,
            Download = null,
            Problem = problem,
        });
    }

    private void NotLoaded(string id, ModelCondition before, string? problem)
    {
        catalogue.Failed(problem ?? $"The loading of {id} was cancelled.");
        Change(id, model => model with { Condition = before, Progress = null, Problem = problem });
    }

    private bool Begin(string id, CancellationTokenSource job)
    {
        lock (gate)
        {
            return jobs.TryAdd(id, job);
        }
    }

    private void End(string id)
    {
        lock (gate)
        {
            jobs.Remove(id);
        }
        Changed?.Invoke();
    }

    /// <summary>The page follows each report, the console some.</summary>
    private Action<DownloadProgress> Reporting(string id, bool toServe)
    {
        var (logged, whole) = (0L, false);
        return progress =>
        {
            if (toServe)
            {
                catalogue.Downloading(progress);
            }
            Change(id, model => model with { Download = progress, DownloadBytes = progress.Total > 0 ? progress.Total : model.DownloadBytes });
            if (progress.Total > 0 && !whole && (logged == 0 || progress.Bytes == progress.Total || time.GetElapsedTime(logged) >= LogEvery))
            {
                (logged, whole) = (time.GetTimestamp(), progress.Bytes == progress.Total);
                LogDownloading(id, progress);
            }
        };
    }

    [LoggerMessage(LogLevel.Information, "Downloading {Model}: {Progress}")]
    private partial void LogDownloading(string model, DownloadProgress progress);

    [LoggerMessage(LogLevel.Information, "Loading {Model} from {Folder}")]
    private partial void LogLoading(string model, string folder);

    [LoggerMessage(LogLevel.Information, "{Model} was unloaded; {Cut} generations were cut short")]
    private partial void LogUnloaded(string model, int cut);

    [LoggerMessage(LogLevel.Warning, "{Model} gets room for {Tokens} tokens only, since no more fits")]
    private partial void LogSmallerCache(string model, long tokens);

    [LoggerMessage(LogLevel.Error, "Could not {Step} {Model}")]
    private partial void LogFailed(Exception exception, string step, string model);
}
