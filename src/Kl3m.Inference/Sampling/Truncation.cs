namespace Kl3m.Inference.Sampling;

/// <summary>
/// The filters that cut tokens, as Hugging Face transformers 4.45 defines them (logits_process.py): each names the ranks to keep.
/// Probabilities are compared in 32-bit floats, as there, where a threshold could be hit exactly.
/// </summary>
internal static class Truncation
{
    /// <summary>The k highest scores and whatever equals the k-th.</summary>
    public static (int First, int End) TopK(Candidates candidates, int k)
    {
        if (k >= candidates.Count)
        {
            return (candidates.First, candidates.End);
        }
        var end = candidates.First + k;
        var last = candidates.Scores[candidates[end - 1]];
        while (end < candidates.End && candidates.Scores[candidates[end]] == last)
        {
            end++;
        }
        return (candidates.First, end);
    }

    /// <summary>
    /// Drops the tail whose probabilities add up to 1 - p at most; the first token stays. (Transformers adds up from the least likely token;
    /// here it is everything less what lies before, so that the tail need not be sorted. Which of several equal tokens at the cut
    /// survive is undefined there; here it is the lower ids.)
    /// </summary>
    public static (int First, int End) TopP(Candidates candidates, float p)
    {
        // By way of decimal, since 0.95 was meant and not the float nearest to it.
        var tail = (float)(1 - (double)(decimal)p);
        var before = 0.0;
        var end = candidates.First;
        do
        {
            before += candidates.WeightOf(candidates[end++]);
        }
        while (end < candidates.End && (float)((candidates.Sum - before) / candidates.Sum) > tail);
        return (candidates.First, end);
    }

    /// <summary>Drops tokens less likely than a share of the most likely one.</summary>
    public static (int First, int End) MinP(Candidates candidates, float share)
    {
        var sum = (float)candidates.Sum;
        var least = share * ((float)candidates.WeightOf(candidates[candidates.First]) / sum);
        var end = candidates.First + 1;
        while (end < candidates.End && (float)candidates.WeightOf(candidates[end]) / sum >= least)
        {
            end++;
        }
        return (candidates.First, end);
    }

    /// <summary>
    /// The tokens whose surprisal is nearest to the entropy until they hold the mass, and what is as near as the last of them (Meister et al.,
    /// "Locally typical sampling", 2022). Surprisal grows with rank, so they are found by walking both ways from where it passes the entropy.
    /// </summary>
    public static (int First, int End) TypicalP(Candidates candidates, float mass)
    {
        var logSum = (float)Math.Log(candidates.Sum);
        var entropy = (float)candidates.Entropy;
        float Surprisal(int rank) => -(candidates.Scores[candidates[rank]] - candidates.MaxScore - logSum);
        float Distance(int rank) =>
            rank < candidates.First || rank >= candidates.End ? float.PositiveInfinity : MathF.Abs(Surprisal(rank) - entropy);

        var end = candidates.First;
        while (end < candidates.End && Surprisal(end) < entropy)
        {
            end++;
        }
        var first = end;
        var (before, after) = (Distance(first - 1), Distance(end));
        var (held, farthest) = (0.0, 0f);
        while (end - first < candidates.Count && ((float)(held / candidates.Sum) < mass || Math.Min(before, after) <= farthest))
        {
            farthest = Math.Min(before, after);
            if (before <= after)
            {
                held += candidates.WeightOf(candidates[--first]);
                before = Distance(first - 1);
            }
            else
            {
                held += candidates.WeightOf(candidates[end++]);
                after = Distance(end);
            }
        }
        return (first, end);
    }
}
