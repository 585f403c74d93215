using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>What a Score page shows: <see cref="ScoreState"/> at one moment.</summary>
/// <param name="Sides">Both, also where one is shown.</param>
internal sealed record ScoreView(Comparison Comparison, IReadOnlyList<ScoreView.Side> Sides, ScoringRecipe? Recipe, bool IsEditing, SelectedReading? Selected, int Front, TintMode Tint)
    : PageView(ScoreState.Address)
{
    /// <param name="Progress">0 to 1 while it is read, else null.</param>
    internal sealed record Side(string Text, string? ModelId, ScoredText? Result, ITextGenerator? Reader, Exception? Error, double? Progress);
}
