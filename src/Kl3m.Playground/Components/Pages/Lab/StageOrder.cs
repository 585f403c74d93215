using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>
/// A distribution in descending order. The trace hands it out in raw-rank order, which is the same unless penalties or biases moved tokens:
/// then it is sorted here, equal ones in raw-rank order.
/// </summary>
internal sealed class StageOrder
{
    private readonly int[] places; // by token id; 0 is absent, else the place from 1

    public StageOrder(StageDistribution distribution, int vocabularySize, bool isRawOrder)
    {
        (TokenIds, Shares) = (distribution.TokenIds, distribution.Probabilities);
        if (!isRawOrder)
        {
            var order = Enumerable.Range(0, TokenIds.Count).OrderByDescending(i => Shares[i]).ToArray();
            (TokenIds, Shares) = ([.. order.Select(i => distribution.TokenIds[i])], [.. order.Select(i => distribution.Probabilities[i])]);
        }
        places = new int[vocabularySize];
        for (var i = 0; i < TokenIds.Count; i++)
        {
            places[TokenIds[i]] = i + 1;
        }
        Trace = distribution.Trace;
    }

    public Inference.StageTrace Trace { get; }

    public IReadOnlyList<int> TokenIds { get; }

    public IReadOnlyList<double> Shares { get; }

    /// <summary>From 1; null for a token that is not in it.</summary>
    public int? PlaceOf(int tokenId) => places[tokenId] is > 0 and var place ? place : null;

    public double? ShareOf(int tokenId) => PlaceOf(tokenId) is { } place ? Shares[place - 1] : null;

    /// <summary>What the tokens before this one hold together.</summary>
    public double MassBefore(int tokenId)
    {
        var mass = 0.0;
        for (var i = 0; i < places[tokenId] - 1; i++)
        {
            mass += Shares[i];
        }
        return mass;
    }
}
