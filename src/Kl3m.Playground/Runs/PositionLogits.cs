using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>The logits at one place of a run, by token id.</summary>
/// <param name="Recomputed">They had been dropped and were worked out again: the last bits may differ from those that were drawn from.</param>
public sealed record PositionLogits(ReadOnlyMemory<float> Row, bool Recomputed)
{
    /// <summary>What the sampler saw; what was dropped is worked out again by one forward pass. Null where the generator hands out no logits.</summary>
    /// <exception cref="EngineBusyException">The queue is full.</exception>
    /// <exception cref="EngineFailedException">The step failed.</exception>
    public static async Task<PositionLogits?> FindAsync(Run run, SelectedToken place, ITextGenerator generator, CancellationToken cancellationToken)
    {
        var sequence = run.Sequences[place.Sequence];
        if (place.Position < sequence.Rows.Count && sequence.Rows[place.Position]?.Logits is { } kept)
        {
            return new(kept, false);
        }
        int[] before = [.. run.PromptTokenIds, .. sequence.Tokens.Take(place.Position).Select(token => token.Score.TokenId)];
        var request = new GenerationRequest
        {
            PromptTokenIds = before,
            KeepLogits = true,
            Alternatives = 0,
            Sampling = new() { MaxTokens = 1, Temperature = 0, StopAtEnd = false },
        };
        await foreach (var happened in generator.GenerateAsync(request, cancellationToken))
        {
            if (happened is TokenGenerated token)
            {
                return token.Logits is { Length: > 0 } row ? new(row, true) : null;
            }
        }
        return null;
    }
}
