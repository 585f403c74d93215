using System.Globalization;
using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>Where the settings of a text changed while it was written, in words: sliders that were moved between two steps, another temperature on going on.</summary>
internal static class SettingChanges
{
    /// <summary>One sentence for all continuations where they changed alike, else one for each.</summary>
    public static IReadOnlyList<string> Of(Run run)
    {
        if (run.Branch is null)
        {
            return [];
        }
        var settings = new Settings(run.Model.VocabularySize, run.Model.ContextLength);
        var words = run.Sequences.Select(sequence => (sequence.Index, Words: Of(run, sequence.Index, settings))).Where(one => one.Words.Length > 0).ToList();
        return words.Count > 0 && words.Count == run.Sequences.Count && words.All(one => one.Words == words[0].Words)
            ? [$"Settings changed on the way: {words[0].Words}."]
            : [.. words.Select(one => $"Settings changed on the way of continuation {one.Index + 1}: {one.Words}.")];
    }

    private static string Of(Run run, int sequence, Settings settings)
    {
        var parts = run.WritersOf(sequence).Reverse().ToList();
        var changes = new List<string>();
        for (var i = 1; i < parts.Count; i++)
        {
            var words = Between(parts[i - 1].Run, parts[i].Run, settings);
            if (words.Count > 0)
            {
                changes.Add($"from token {Numbers.Count(parts[i].From + 1)} on {string.Join(", ", words)}");
            }
        }
        return string.Join("; ", changes);
    }

    private static List<string> Between(Run before, Run after, Settings settings)
    {
        var (then, now) = (before.Request.Sampling, after.Request.Sampling);
        var words = settings.Main.Concat(settings.Advanced)
            .Where(setting => setting.Field is not (nameof(SamplingParams.MaxTokens) or nameof(SamplingParams.Sequences)) && setting.Get(then) != setting.Get(now))
            .Select(setting => $"{setting.Label.ToLowerInvariant()} {setting.Format(setting.Get(now))}")
            .ToList();
        if (before.Seed != after.Seed && after.Seed is { } seed)
        {
            words.Add($"seed {seed.ToString(CultureInfo.InvariantCulture)}");
        }
        if (!then.Stop.SequenceEqual(now.Stop) || then.StopAtEnd != now.StopAtEnd)
        {
            words.Add("other stops");
        }
        if (!then.LogitBias.OrderBy(bias => bias.Key).SequenceEqual(now.LogitBias.OrderBy(bias => bias.Key)))
        {
            words.Add("another logit bias");
        }
        return words;
    }
}
