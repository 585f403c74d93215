using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>One way that a text went, for a tree of ways.</summary>
/// <param name="Key">What the caller knows it by.</param>
public sealed record ForkLeaf(string Key, IReadOnlyList<TokenGenerated> Tokens);

/// <summary>
/// A stretch of text that several continuations share, and where they go from there: a tree with a fork wherever the next tokens differ.
/// </summary>
/// <param name="Tokens">The stretch; empty only at the root of continuations that part at once.</param>
/// <param name="Start">The position of its first token.</param>
/// <param name="Leaves">All that go through it.</param>
/// <param name="Children">Most leaves first, then the more likely.</param>
public sealed record ForkNode(IReadOnlyList<TokenGenerated> Tokens, int Start, IReadOnlyList<ForkLeaf> Leaves, IReadOnlyList<ForkNode> Children)
{
    public int Count => Leaves.Count;

    /// <summary>Raw joint surprisal of the stretch given all before it, bits.</summary>
    public double Bits { get; } = Tokens.Sum(token => (double)token.Score.Surprisal);

    /// <summary>The leaf that ends at the stretch's end, where one does.</summary>
    public ForkLeaf? End => Leaves.FirstOrDefault(leaf => leaf.Tokens.Count == Start + Tokens.Count);

    public static ForkNode? Of(IEnumerable<ForkLeaf> leaves) => leaves.Where(leaf => leaf.Tokens.Count > 0).ToList() is { Count: > 0 } some ? Of(some, 0) : null;

    private static ForkNode Of(List<ForkLeaf> leaves, int start)
    {
        var end = start;
        while (leaves.All(leaf => leaf.Tokens.Count > end) && leaves.All(leaf => IdAt(leaf, end) == IdAt(leaves[0], end)))
        {
            end++;
        }
        var children = leaves.Where(leaf => leaf.Tokens.Count > end).GroupBy(leaf => IdAt(leaf, end)).Select(group => Of([.. group], end));
        return new([.. leaves[0].Tokens.Skip(start).Take(end - start)], start, leaves,
            [.. children.OrderByDescending(child => child.Count).ThenBy(child => child.Tokens[0].Score.Surprisal)]);
    }

    private static int IdAt(ForkLeaf leaf, int position) => leaf.Tokens[position].Score.TokenId;
}
