using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>What a server elsewhere tells of one place: its likeliest tokens, and of the rest of the vocabulary only how much it is together.</summary>
/// <param name="Likeliest">Raw logprobs (natural), most likely first; no token outside is likelier than the last.</param>
/// <param name="DrawnTokenId">What it wrote there.</param>
/// <param name="DrawnLogprob">Raw; the token may be none of the likeliest.</param>
internal sealed record ToldTokens(IReadOnlyList<(int TokenId, float Logprob)> Likeliest, int DrawnTokenId, float DrawnLogprob)
{
    // As large as the API allows: it makes the token the favourite whatever the model thinks.
    private const float Certain = 100;

    // Far below any other, where nothing is left to share out: e to this is no share at all.
    private const double Nothing = -100;

    // Just what fp32 tells apart at a logprob of -16.
    private const double Step = 1e-6;

    /// <summary>Asks for one token behind a text and for as many of the likeliest as the server tells.</summary>
    /// <param name="request">Its prompt, and who asks; the settings by which the one token is drawn.</param>
    /// <returns>Null where the server tells nothing of the place.</returns>
    /// <exception cref="InvalidRequestException">The place does not fit into the model's context.</exception>
    /// <exception cref="EngineBusyException">The line is full.</exception>
    /// <exception cref="EngineFailedException">The server fails.</exception>
    public static async Task<ToldTokens?> AskAsync(ITextGenerator generator, GenerationRequest request, CancellationToken cancellationToken)
    {
        var asked = request with { Alternatives = generator.Model.TopOnly ?? 0, Sampling = request.Sampling with { MaxTokens = 1, Sequences = 1 } };
        await foreach (var happened in generator.GenerateAsync(asked, cancellationToken))
        {
            if (happened is TokenGenerated { Score: { Alternatives.Count: > 0 } score })
            {
                return new([.. score.Alternatives.Select(other => (other.TokenId, other.RawLogprob))], score.TokenId, score.RawLogprob);
            }
        }
        return null;
    }

    /// <summary>
    /// The raw logprob of any token at a place, also of one that is none of the likeliest: a bias makes the server write it, and the number that it
    /// tells is that of before. NaN where it does not tell one.
    /// </summary>
    public static async Task<float> LogprobAsync(ITextGenerator generator, GenerationRequest request, int tokenId, CancellationToken cancellationToken)
    {
        var forced = request with { Sampling = new() { Temperature = 0, LogitBias = new Dictionary<int, float> { [tokenId] = Certain } } };
        return await AskAsync(generator, forced, cancellationToken) is { } told && told.DrawnTokenId == tokenId ? told.DrawnLogprob : float.NaN;
    }

    /// <summary>
    /// A row over the whole vocabulary: what is told, and the rest laid out evenly over all other tokens, but for steps too small to see, since top-k
    /// keeps all that equal the k-th.
    /// </summary>
    /// <param name="others">Logprobs of further tokens that are known.</param>
    public float[] Row(int vocabularySize, params IEnumerable<(int TokenId, float Logprob)> others)
    {
        var known = Likeliest.Concat(others).Append((TokenId: DrawnTokenId, Logprob: DrawnLogprob)).Where(token => float.IsFinite(token.Logprob)).DistinctBy(token => token.TokenId).ToList();
        var rest = 1 - known.Sum(token => Math.Exp(token.Logprob));
        var left = vocabularySize - known.Count;
        var row = new float[vocabularySize];
        var spread = Step * vocabularySize / 2;
        // Never among the told ones, also where all are about equal.
        var even = rest > 0 && left > 0 ? Math.Clamp(Math.Log(rest / left), Nothing, Math.Max(Nothing, Likeliest[^1].Logprob - (2 * spread))) : Nothing;
        for (var id = 0; id < row.Length; id++)
        {
            row[id] = (float)(even + spread - (Step * id));
        }
        foreach (var (id, logprob) in known)
        {
            row[id] = logprob;
        }
        return row;
    }
}
