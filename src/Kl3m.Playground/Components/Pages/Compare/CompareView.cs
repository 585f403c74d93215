using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>What a comparison shows: <see cref="CompareState"/> at one moment.</summary>
/// <param name="Selected">The column, from 0, and the token in it.</param>
internal sealed record CompareView(string Prompt, ulong Seed, bool SameDice, bool ShowsWords, IReadOnlyList<CompareView.Column> Columns, (int Column, int Position)? Selected)
    : PageView(CompareState.Address)
{
    /// <param name="Model">The id of the model that would write it now.</param>
    /// <param name="Run">What it wrote, or writes.</param>
    internal sealed record Column(SamplingParams Sampling, string? Model, Run? Run, ITextGenerator? Writer);
}
