namespace Kl3m.Inference.Sampling;

/// <summary>
/// The tokens still to choose from: those from one rank to another in the descending order of scores. Every truncating filter keeps
/// such a range (top-k, top-p and min-p the start of the one before; typical-p a stretch of it), so the range is all there is to store.
/// </summary>
internal sealed class Candidates(int paddedLength)
{
    private readonly float[] weights = new float[paddedLength];

    /// <summary>Gives the order; its own scores may be those before the temperature, which does not change it.</summary>
    public RankedRow Order { get; private set; } = null!;

    /// <summary>By token id, padded; negative infinity for banned tokens.</summary>
    public float[] Scores { get; private set; } = null!;

    public float MaxScore { get; private set; }

    /// <summary>First rank left.</summary>
    public int First { get; private set; }

    /// <summary>The rank behind the last one left.</summary>
    public int End { get; private set; }

    public int Count => End - First;

    /// <summary>What <see cref="WeightOf"/> adds up to over the tokens left; like the entropy known after <see cref="Weigh"/>.</summary>
    public double Sum { get; private set; }

    /// <summary>Of the distribution over the tokens left, in nats.</summary>
    public double Entropy { get; private set; }

    public bool IsWeighed { get; private set; }

    public void Reset(RankedRow order, float[] scores, float maxScore) =>
        (Order, Scores, MaxScore, First, End, IsWeighed) = (order, scores, maxScore, 0, order.Count, false);

    /// <summary>Makes weights from the scores of the whole row, unless that was done.</summary>
    public void Weigh()
    {
        if (!IsWeighed)
        {
            (Sum, Entropy) = Softmax.Weigh(Scores, MaxScore, weights);
            IsWeighed = true;
        }
    }

    /// <summary>The token at a rank, from 0.</summary>
    public int this[int rank] => Order[rank];

    /// <summary>In proportion to the probability; 1 for the highest score of the row.</summary>
    public double WeightOf(int tokenId) => weights[tokenId];

    public double ProbabilityOf(int tokenId) => weights[tokenId] / Sum;

    /// <summary>Natural log of the probability, if the token is left; finite even where the probability is too small for a float.</summary>
    public double LogprobOf(int tokenId) => (double)Scores[tokenId] - MaxScore - Math.Log(Sum);

    /// <summary>Keeps a part of the range; returns the share of the probability that it had.</summary>
    public double Narrow(int first, int end)
    {
        if (first == First && end == End)
        {
            return 1;
        }
        double sum = 0, moment = 0;
        for (var rank = first; rank < end; rank++)
        {
            var id = Order[rank];
            sum += weights[id];
            moment += weights[id] > 0 ? weights[id] * ((double)Scores[id] - MaxScore) : 0;
        }
        var mass = Math.Min(1, sum / Sum);
        (First, End, Sum, Entropy) = (first, end, sum, Math.Max(0, Math.Log(sum) - moment / sum));
        return mass;
    }
}
