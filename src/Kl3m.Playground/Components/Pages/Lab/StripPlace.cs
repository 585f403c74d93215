using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>A position as the sampler meets it.</summary>
/// <param name="Tokens">Prompt and completion before it.</param>
/// <param name="PromptLength">How many of those are the prompt.</param>
/// <param name="U">The dart that the seed throws here.</param>
/// <param name="Taken">The token that the run has here; null if it has none.</param>
public sealed record StripPlace(PositionLogits Logits, int[] Tokens, int PromptLength, double U, int? Taken)
{
    /// <summary>Whether a token's number is the model's own; false for those among which the rest is only shared out.</summary>
    public bool Knows(int tokenId) => Logits.Told?.Contains(tokenId) ?? true;
}
