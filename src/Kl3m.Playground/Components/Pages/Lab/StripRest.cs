namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>The tokens without a row.</summary>
/// <param name="Tokens">How many there are.</param>
/// <param name="Shares">Together, after each <see cref="StripStage"/>; null once all are cut.</param>
public sealed record StripRest(int Tokens, IReadOnlyList<double?> Shares)
{
    internal static StripRest Of(IReadOnlyList<StripRow> rows, StageOrder[] stages, int vocabularySize) => new(
        vocabularySize - rows.Count,
        [.. StripStages.All.Select(stage => stages[(int)stage].TokenIds.Count > rows.Count(row => row.Cells[(int)stage].Share is not null)
            ? Math.Max(0, 1 - rows.Sum(row => row.Cells[(int)stage].Share ?? 0))
            : (double?)null)]);

    /// <summary>The stage that cut the last of them.</summary>
    public bool IsCutAt(StripStage stage) => Shares[(int)stage] is null && stage != StripStage.Raw && Shares[(int)stage - 1] is not null;
}
