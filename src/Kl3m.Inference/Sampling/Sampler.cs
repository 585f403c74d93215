namespace Kl3m.Inference.Sampling;

/// <summary>
/// Chooses tokens from rows of logits: the filters in the order of Hugging Face transformers 4.45 and with its results, then one draw.
/// The draw and what is told about it come from the same pass over the same numbers. For one thread at a time;
/// allocates nothing but its results.
/// </summary>
public sealed class Sampler
{
    private readonly FilterPipeline pipeline;
    private readonly RankedRow raw;
    private readonly Candidates candidates;

    /// <param name="vocabularySize">Logits in a row.</param>
    public Sampler(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        pipeline = new(vocabularySize);
        (raw, candidates) = (pipeline.Raw, pipeline.Candidates);
    }

    /// <summary>The scores of the last row by token id: after penalties, bans and temperature, before the filters that cut.</summary>
    internal ReadOnlySpan<float> Scores => candidates.Scores.AsSpan(0, raw.Length);

    /// <summary>
    /// Draws the next token. With temperature 0 it is the one with the highest score after penalties and bans (the lower id of equals);
    /// the trace shows that as a stage that keeps one token, whose final probability is 1.
    /// </summary>
    /// <param name="logits">One for each token of the vocabulary.</param>
    /// <param name="settings">Valid ones: see <see cref="SamplingParams.Validate"/>.</param>
    /// <param name="tokens">Prompt and completion so far.</param>
    /// <param name="promptLength">How many of them are the prompt: frequency and presence penalties count the others only.</param>
    /// <param name="u">The dart, in [0, 1); see <see cref="SeededRandom"/>. Greedy does not use it.</param>
    /// <param name="alternatives">How many of the most likely tokens to report, by raw rank; impossible ones are left out.</param>
    /// <exception cref="InvalidOperationException">The logits hold NaN or infinity, or no token is left.</exception>
    /// <exception cref="InvalidRequestException">The logit bias names a token outside the vocabulary.</exception>
    public SampledToken Sample(
        ReadOnlySpan<float> logits, SamplingParams settings, ReadOnlySpan<int> tokens, int promptLength, double u, int alternatives)
    {
        if (!(u is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(u), u, "The dart must be in [0, 1).");
        }
        Filter(logits, settings, tokens, promptLength);
        var isGreedy = settings.Temperature == 0;
        var (id, low, high) = Draw(isGreedy ? 0 : u);
        return new(ScoreOf(id, alternatives), new(pipeline.Stages.ToArray(), isGreedy ? null : u, low, high, candidates.Count));
    }

    /// <summary>The numbers of a token that was not drawn but given; final is raw.</summary>
    /// <exception cref="InvalidOperationException">The logits hold NaN or infinity, or no token is possible.</exception>
    public TokenScore Score(ReadOnlySpan<float> logits, int tokenId, int alternatives)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokenId);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(tokenId, raw.Length);
        pipeline.Load(logits);
        return ScoreOf(tokenId, alternatives);
    }

    /// <summary>What <see cref="Sample"/> does up to its draw, with the distribution after each stage.</summary>
    /// <exception cref="InvalidOperationException">The logits hold NaN or infinity, or no token is left.</exception>
    /// <exception cref="InvalidRequestException">The logit bias names a token outside the vocabulary.</exception>
    public FullTrace Explain(ReadOnlySpan<float> logits, SamplingParams settings, ReadOnlySpan<int> tokens, int promptLength)
    {
        var distributions = new List<StageDistribution>();
        pipeline.Distributions = distributions;
        try
        {
            Filter(logits, settings, tokens, promptLength);
        }
        finally
        {
            pipeline.Distributions = null;
        }
        var cutBy = new SamplingStage?[raw.Length];
        for (var id = 0; id < cutBy.Length; id++)
        {
            cutBy[id] = pipeline.CutBy(id);
        }
        return new(distributions, cutBy);
    }

    private void Filter(ReadOnlySpan<float> logits, SamplingParams settings, ReadOnlySpan<int> tokens, int promptLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(promptLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(promptLength, tokens.Length);
        pipeline.Load(logits);
        pipeline.Run(settings, tokens, promptLength);
    }

    /// <summary>Walks the ruler to the segment that holds u. What rounding leaves between its end and 1 is the last token's.</summary>
    private (int TokenId, double Low, double High) Draw(double u)
    {
        var (chosen, low, high) = (-1, 0.0, 0.0);
        var (sum, left) = (0.0, candidates.Count);
        for (var rank = 0; left > 0; rank++)
        {
            var id = raw[rank];
            if (!pipeline.IsLeft(id))
            {
                continue;
            }
            left--;
            if (candidates.WeightOf(id) == 0)
            {
                continue;
            }
            sum += candidates.WeightOf(id);
            (chosen, low, high) = (id, high, Math.Min(1, sum / candidates.Sum));
            if (u < high && left > 0)
            {
                return (chosen, low, high);
            }
        }
        return (chosen, low, 1);
    }

    private TokenScore ScoreOf(int tokenId, int alternatives)
    {
        var list = new Alternative[Math.Clamp(alternatives, 0, raw.Count)];
        for (var rank = 0; rank < list.Length; rank++)
        {
            var id = raw[rank];
            list[rank] = new(id, RawLogprob(id), FinalLogprob(id), pipeline.CutBy(id));
        }
        return new()
        {
            TokenId = tokenId,
            RawLogprob = RawLogprob(tokenId),
            FinalLogprob = FinalLogprob(tokenId),
            Rank = raw.RankOf(tokenId) + 1,
            Entropy = (float)pipeline.RawEntropy,
            Alternatives = list,
        };
    }

    private float RawLogprob(int tokenId) => (float)((double)raw.Values[tokenId] - raw.Max - pipeline.RawLogSum);

    private float FinalLogprob(int tokenId) => pipeline.IsLeft(tokenId) ? (float)candidates.LogprobOf(tokenId) : float.NegativeInfinity;
}
