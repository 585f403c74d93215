using System.Globalization;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>The settings of the columns as rows: what differs, and what is the same in all.</summary>
/// <param name="Values">One for each column.</param>
internal sealed record Difference(string Label, IReadOnlyList<string> Values, bool IsUsual)
{
    public bool Differs => Values.Any(value => value != Values[0]);

    public static IReadOnlyList<Difference> Rows(CompareState state)
    {
        var settings = state.SettingsOf(state.Columns[0]);
        var rows = settings.Main.Where(setting => setting.Field != nameof(SamplingParams.Sequences)).Concat(settings.Advanced)
            .Select(setting => new Difference(setting.Label, [.. state.Columns.Select(column => Value(setting, column.Sampling))], state.Columns.All(column => setting.IsNeutral(column.Sampling) && setting.Field != nameof(SamplingParams.MaxTokens))))
            .ToList();
        rows.Add(new("Seed", [.. state.Columns.Select((_, index) => state.Link.Columns[index].Sampling.Seed!.Value.ToString(CultureInfo.InvariantCulture))], false));
        rows.Add(new("Stop texts", [.. state.Columns.Select(column => column.Sampling.Stop.Count == 0 ? "none" : string.Join(", ", column.Sampling.Stop.Select(EscapedText.Write)))], state.Columns.All(column => column.Sampling.Stop.Count == 0)));
        rows.Add(new("At <|end|>", [.. state.Columns.Select(column => column.Sampling.StopAtEnd ? "stops" : "goes on")], state.Columns.All(column => column.Sampling.StopAtEnd)));
        rows.Add(new("Logit bias", [.. state.Columns.Select(column => column.Sampling.LogitBias.Count == 0 ? "none" : Numbers.Of(column.Sampling.LogitBias.Count, "token"))], state.Columns.All(column => column.Sampling.LogitBias.Count == 0)));
        rows.Add(new("Model", [.. state.Columns.Select(column => state.GeneratorOf(column)?.Model.Id ?? column.Model ?? "none yet")], true));
        return rows;
    }

    /// <summary>What makes a column another than the others: "temperature 0.70", or "as A".</summary>
    public static string Short(CompareState state, CompareColumn column)
    {
        var index = state.Columns.ToList().IndexOf(column);
        var own = Rows(state).Where(row => row.Differs && row.Label != "Seed").ToList();
        return index < 0 ? "" : own.Count == 0 ? (index == 0 ? "" : "as A") : string.Join(", ", own.Take(2).Select(row => $"{char.ToLowerInvariant(row.Label[0])}{row.Label[1..]} {row.Values[index]}")) + (own.Count > 2 ? ", …" : "");
    }

    private static string Value(Setting setting, SamplingParams sampling)
    {
        var value = setting.Get(sampling);
        return setting.IsNeutral(sampling) && setting.Zones[setting.ZoneOf(value)].Word == "off" ? "off" : setting.Format(value);
    }
}
