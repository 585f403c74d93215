using Kl3m.Inference;
using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Runs;

/// <summary>Tokens that a person puts into a continuation, with the numbers that the model gives them there.</summary>
internal static class ForcedTokens
{
    /// <param name="position">How many of the continuation's own tokens stay before them.</param>
    /// <exception cref="InvalidRequestException">An id is outside the vocabulary, or they do not fit.</exception>
    public static async Task<IReadOnlyList<TokenGenerated>> MakeAsync(
        Run run, int sequence, int position, IReadOnlyList<int> ids, ITextGenerator generator, CancellationToken cancellationToken)
    {
        var before = run.Sequences[sequence].Tokens.Take(position).ToList();
        var texts = await TextsAsync([.. before.Select(token => token.Score.TokenId)], string.Concat(before.Select(token => token.Text)), ids, generator, cancellationToken);
        var there = run.Find(new(sequence, position));
        int[] prefix = [.. run.PromptTokenIds, .. before.Select(token => token.Score.TokenId)];
        IReadOnlyList<TokenScore> scores;
        if (ids is [var only] && there is not null && Known(there.Score, only) is { } known)
        {
            scores = [known];
        }
        else
        {
            scores = await ScoreAsync(prefix, ids, generator, cancellationToken);
            if (there is not null)
            {
                scores = [Beside(there.Score, scores[0], run, new(sequence, position), prefix), .. scores.Skip(1)];
            }
        }
        // No dart was thrown; what the filters did is known where a token was drawn before.
        return [.. ids.Select((_, i) => new TokenGenerated(sequence, position + i, texts[i], scores[i],
            new SamplingTrace(i == 0 && there is not null ? there.Trace.Stages : [], null, 0, 0, i == 0 && there is not null ? there.Trace.Kept : 0)))];
    }

    private static TokenScore? Known(TokenScore score, int id)
    {
        if (id == score.TokenId)
        {
            return score;
        }
        for (var i = 0; i < score.Alternatives.Count; i++)
        {
            if (score.Alternatives[i].TokenId == id)
            {
                return score with { TokenId = id, RawLogprob = score.Alternatives[i].RawLogprob, FinalLogprob = score.Alternatives[i].FinalLogprob, Rank = i + 1 };
            }
        }
        return null;
    }

    /// <summary>The list that stood there, cuts and all, with the numbers of a token that is not in it.</summary>
    private static TokenScore Beside(TokenScore there, TokenScore own, Run run, SelectedToken place, int[] prefix)
    {
        var final = float.NaN;
        if (run.Sequences[place.Sequence].Rows[place.Position]?.Logits is { } row)
        {
            var last = new Sampler(row.Length).Explain(row.Span, run.RequestAt(place).Sampling, prefix, run.PromptTokenIds.Count).Stages[^1];
            var at = last.TokenIds.ToList().IndexOf(own.TokenId);
            final = at < 0 ? float.NegativeInfinity : (float)Math.Log(last.Probabilities[at]);
        }
        return there with { TokenId = own.TokenId, RawLogprob = own.RawLogprob, FinalLogprob = final, Rank = own.Rank };
    }

    private static async Task<IReadOnlyList<TokenScore>> ScoreAsync(int[] before, IReadOnlyList<int> ids, ITextGenerator generator, CancellationToken cancellationToken)
    {
        var request = new GenerationRequest { PromptTokenIds = [.. before, .. ids], ScorePrompt = true, Sampling = new() { MaxTokens = 0 } };
        await foreach (var happened in generator.GenerateAsync(request, cancellationToken))
        {
            if (happened is PromptScored scored)
            {
                return [.. scored.Tokens.Skip(before.Length).Select((score, i) => score ?? Unknown(ids[i]))];
            }
        }
        return [.. ids.Select(Unknown)];
    }

    private static TokenScore Unknown(int id) => new() { TokenId = id, RawLogprob = float.NaN, FinalLogprob = float.NaN, Rank = 0, Entropy = float.NaN, Alternatives = [] };

    /// <summary>What each adds to the text; a character that several make up belongs to the last of them.</summary>
    private static async Task<IReadOnlyList<string>> TextsAsync(IReadOnlyList<int> before, string written, IReadOnlyList<int> ids, ITextGenerator generator, CancellationToken cancellationToken)
    {
        var texts = new List<string>();
        for (var i = 1; i <= ids.Count; i++)
        {
            var whole = (await generator.DetokenizeAsync([.. before, .. ids.Take(i)], skipSpecialTokens: true, cancellationToken)).TrimEnd('\uFFFD');
            texts.Add(whole.StartsWith(written, StringComparison.Ordinal) ? whole[written.Length..] : "");
            written += texts[^1];
        }
        return texts;
    }
}
