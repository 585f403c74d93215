using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>The last runs, as receipts in the browser's storage: the server keeps none. What comes back from there is read as strictly as any receipt.</summary>
internal sealed class RecentRuns(BrowserStorage storage)
{
    public const int Most = 12;
    private const string Index = "recent";

    private readonly ConditionalWeakTable<Run, object> seen = [];

    /// <summary>Newest first; null until the browser was asked.</summary>
    public IReadOnlyList<RecentRun>? All { get; private set; }

    public event Action? Changed;

    public async Task LoadAsync()
    {
        if (All is null)
        {
            All = await storage.GetListAsync<RecentRun>(Index, entry => entry is { Id.Length: 32, Title: not null, Facts: not null }, Most);
            Changed?.Invoke();
        }
    }

    /// <summary>Whether one of them is shown for the first time: undo, a tree and other pages bring back what was kept before.</summary>
    public bool IsNew(IEnumerable<Run> runs) => runs.Where(run => seen.TryAdd(run, this)).ToList().Count > 0;

    /// <summary>Keeps a run that is over. One that is too large is kept without its alternatives, and one that still is not at all.</summary>
    public async Task AddAsync(RecentRun entry, Func<int, Task<Receipt>> receipt)
    {
        await LoadAsync();
        foreach (var alternatives in new[] { 10, 0 })
        {
            var text = JsonSerializer.Serialize(await receipt(alternatives), ReceiptJson.Compact);
            if (text.Length <= BrowserStorage.MaxLength && await MakeRoomAsync(entry.Id, text))
            {
                await SaveAsync([entry, .. All!.Take(Most - 1)]);
                return;
            }
        }
    }

    /// <exception cref="ReceiptException">What was kept is no receipt any more; it is forgotten.</exception>
    public async Task<Receipt> OpenAsync(RecentRun entry)
    {
        try
        {
            return ReceiptJson.Read(Encoding.UTF8.GetBytes(await storage.GetAsync(Key(entry.Id)) ?? ""));
        }
        catch (ReceiptException)
        {
            await DeleteAsync(entry);
            throw;
        }
    }

    public async Task DeleteAsync(RecentRun entry)
    {
        await storage.RemoveAsync(Key(entry.Id));
        await SaveAsync([.. (All ?? []).Where(one => one.Id != entry.Id)]);
    }

    /// <summary>Puts the receipt down; what is oldest goes until there is room.</summary>
    private async Task<bool> MakeRoomAsync(string id, string text)
    {
        while (!await storage.SetAsync(Key(id), text))
        {
            if (All is not [.., var oldest])
            {
                return false;
            }
            await DeleteAsync(oldest);
        }
        return true;
    }

    private async Task SaveAsync(IReadOnlyList<RecentRun> entries)
    {
        foreach (var dropped in (All ?? []).Where(one => entries.All(entry => entry.Id != one.Id)))
        {
            await storage.RemoveAsync(Key(dropped.Id));
        }
        All = entries;
        await storage.SetAsync(Index, JsonSerializer.Serialize(entries));
        Changed?.Invoke();
    }

    private static string Key(string id) => $"{Index}.{id}";
}

/// <param name="Title">The prompt's beginning.</param>
/// <param name="Facts">Model, tokens and settings in a few words.</param>
internal sealed record RecentRun(string Id, DateTimeOffset When, string Title, string Facts);
