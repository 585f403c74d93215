using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>The logits at one place of a run, by token id.</summary>
/// <param name="Recomputed">They had been dropped and were worked out again: the last bits may differ from those that were drawn from.</param>
public sealed record PositionLogits(ReadOnlyMemory<float> Row, bool Recomputed)
{
    /// <summary>
    /// The only tokens whose numbers are known, where the model runs on a server that tells no more; the row holds their logprobs, and the rest laid
    /// out evenly over all others. Null where all are known.
    /// </summary>
    public IReadOnlySet<int>? Told { get; init; }

    /// <summary>So many of them are the likeliest of all; between those and the others may be tokens that are not told.</summary>
    public int Likeliest { get; init; }

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
        var request = new GenerationRequest
        {
            PromptTokenIds = [.. run.PromptTokenIds, .. sequence.Tokens.Take(place.Position).Select(token => token.Score.TokenId)],
            Sampling = new() { MaxTokens = 1, Temperature = 0 },
        };
        return generator.Model.TopOnly is null
            ? await RecomputeAsync(request, generator, cancellationToken)
            : await ToldAsync(request, run.Find(place)?.Score, generator, cancellationToken);
    }

    private static async Task<PositionLogits?> RecomputeAsync(GenerationRequest request, ITextGenerator generator, CancellationToken cancellationToken)
    {
        await foreach (var happened in generator.GenerateAsync(request with { KeepLogits = true, Alternatives = 0, Sampling = request.Sampling with { StopAtEnd = false } }, cancellationToken))
        {
            if (happened is TokenGenerated token)
            {
                return token.Logits is { Length: > 0 } row ? new(row, true) : null;
            }
        }
        return null;
    }

    private static async Task<PositionLogits?> ToldAsync(GenerationRequest request, TokenScore? taken, ITextGenerator generator, CancellationToken cancellationToken)
    {
        if (await ToldTokens.AskAsync(generator, request, cancellationToken) is not { } told)
        {
            return null;
        }
        (int TokenId, float Logprob)[] own = taken is not null && float.IsFinite(taken.RawLogprob) ? [(taken.TokenId, taken.RawLogprob)] : [];
        return new(told.Row(generator.Model.VocabularySize, own), false) { Told = told.Likeliest.Concat(own).Select(token => token.TokenId).ToHashSet(), Likeliest = told.Likeliest.Count };
    }
}
