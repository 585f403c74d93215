namespace Kl3m.Playground.Runs;

/// <summary>How expected a row of tokens was, by the model's raw probabilities.</summary>
/// <param name="Tokens">How many tokens were counted.</param>
/// <param name="Nats">Their surprisals' sum, natural logs.</param>
/// <param name="ByBin">Tokens in each of the five bins of surprisal.</param>
/// <param name="ByBand">Tokens in each of the five bands of rank.</param>
public sealed record Surprise(int Tokens, double Nats, IReadOnlyList<int> ByBin, IReadOnlyList<int> ByBand)
{
    /// <summary>There are five bins of surprisal and as many bands of rank.</summary>
    public const int Bins = 5;

    /// <summary>exp of the mean natural surprisal; null without tokens.</summary>
    public double? Perplexity => Tokens == 0 ? null : Math.Exp(Nats / Tokens);

    /// <summary>Mean surprisal, bits per token; null without tokens.</summary>
    public double? MeanBits => Tokens == 0 ? null : Nats / Tokens / Math.Log(2);

    // Compared as probabilities in the logs' own precision, so that a share of exactly one half is in the first bin.
    private static readonly float[] Floors = [MathF.Log(0.5f), MathF.Log(0.1f), MathF.Log(0.01f), MathF.Log(0.001f)];

    /// <summary>1 to 5 by raw probability: at least 50%, 10%, 1%, 0.1%, or below.</summary>
    public static int Bin(float rawLogprob)
    {
        var bin = 1;
        while (bin < Bins && !(rawLogprob >= Floors[bin - 1]))
        {
            bin++;
        }
        return bin;
    }

    /// <summary>
    /// 1 to 5 by raw rank: first, up to 10, up to 100, up to 1,000, or beyond. 0 is a rank that a remote server did not tell because it is
    /// behind the 20 or so that it lists: at least the third band.
    /// </summary>
    public static int Band(int rank) => rank switch { 0 => 3, <= 1 => 1, <= 10 => 2, <= 100 => 3, <= 1000 => 4, _ => 5 };
}
