using Kl3m.Inference;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>What one stage did at the position, over the whole vocabulary.</summary>
/// <param name="IsOn">An off stage passes on what it gets.</param>
/// <param name="Kept">Tokens left after it.</param>
/// <param name="Mass">Share of its input that those had.</param>
/// <param name="Entropy">Of what it passes on, bits.</param>
/// <param name="Before">What it gets: the most likely tokens' shares, in their order at this stage.</param>
/// <param name="After">What it makes of those same tokens; null is cut.</param>
public sealed record StripColumn(
    StripStage Stage, bool IsOn, int Kept, double Mass, double Entropy, IReadOnlyList<double> Before, IReadOnlyList<double?> After)
{
    /// <summary>So many tokens are drawn in the stage's own geometry.</summary>
    public const int Drawn = 48;

    /// <summary>Entropy of what it gets, bits.</summary>
    public double EntropyBefore { get; init; }

    /// <summary>It keeps none but the likeliest, which are known: false only where a server tells no more, and the rest is shared out.</summary>
    public bool IsTold { get; init; } = true;

    /// <summary>The other one's picture would be this one's.</summary>
    public bool IsDrawnAs(StripColumn other) =>
        (Stage, IsOn, Kept, Mass, Entropy, EntropyBefore, Traced) == (other.Stage, other.IsOn, other.Kept, other.Mass, other.Entropy, other.EntropyBefore, other.Traced)
        && Before.SequenceEqual(other.Before) && After.SequenceEqual(other.After);

    /// <summary>The place among <see cref="Before"/> of the token that is traced; null beyond them.</summary>
    public int? Traced { get; init; }
}

/// <summary>A token's share after a stage, or why the stage cut it; both null where an earlier one did.</summary>
public readonly record struct StripCell(double? Share, string? Cut);

/// <param name="Rank">By raw probability, 1 = most likely.</param>
/// <param name="IsTaken">The run has this token here.</param>
/// <param name="IsDrawn">The dart falls on it under the settings of the strip.</param>
/// <param name="Cells">One for each <see cref="StripStage"/>.</param>
public sealed record StripRow(int TokenId, int Rank, bool IsTaken, bool IsDrawn, IReadOnlyList<StripCell> Cells)
{
    /// <summary>What it is drawn with; null where it cannot be.</summary>
    public double? Final => Cells[^1].Share;

    public SamplingStage? CutBy { get; init; }
}
