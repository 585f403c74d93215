using System.Text.Json;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>Prompts with their settings that a person saved, as links in the browser's storage.</summary>
internal sealed class OwnPresets(BrowserStorage storage)
{
    public const int Most = 24;
    private const string Key = "presets";
    private const int MaxName = 40;

    /// <summary>Oldest first; null until the browser was asked.</summary>
    public IReadOnlyList<OwnPreset>? All { get; private set; }

    public event Action? Changed;

    public async Task LoadAsync()
    {
        if (All is null)
        {
            All = await storage.GetListAsync<OwnPreset>(Key, preset => preset is { Name.Length: > 0 and < 80, Fragment: not null }, Most);
            Changed?.Invoke();
        }
    }

    /// <summary>Named by the first words of its prompt, with a number where that name is taken. False where there is no room.</summary>
    public async Task<bool> SaveAsync(PageLink link)
    {
        await LoadAsync();
        var words = string.Join(' ', link.Prompt.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(4));
        var name = string.Concat(Visible.Parts(words.Length == 0 ? "Untitled" : words[..Math.Min(words.Length, MaxName)], standalone: false).Select(part => part.Text));
        var (unique, number) = (name, 2);
        while (All!.Any(preset => preset.Name == unique))
        {
            unique = $"{name} {number++}";
        }
        return All!.Count < Most && await PutAsync([.. All, new OwnPreset(unique, link.Fragment)]);
    }

    public Task DeleteAsync(OwnPreset preset) => PutAsync([.. (All ?? []).Where(one => one != preset)]);

    private async Task<bool> PutAsync(IReadOnlyList<OwnPreset> presets)
    {
        if (!await storage.SetAsync(Key, JsonSerializer.Serialize(presets)))
        {
            return false;
        }
        All = presets;
        Changed?.Invoke();
        return true;
    }
}

/// <param name="Fragment">See <see cref="PageLink.Fragment"/>.</param>
internal sealed record OwnPreset(string Name, string Fragment);
