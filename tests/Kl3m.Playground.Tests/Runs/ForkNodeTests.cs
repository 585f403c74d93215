using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components.Shared;

namespace Kl3m.Playground.Tests.Runs;

public sealed class ForkNodeTests
{
    private static ForkLeaf Leaf(string text) => new(text, [.. text.Select((letter, i) => TestRun.Letter(i, letter, 0.5))]);

    [Fact]
    public void Texts_are_one_stretch_until_they_part_and_each_fork_is_counted()
    {
        var root = ForkNode.Of([Leaf("abcx"), Leaf("abcy"), Leaf("abcyz"), Leaf("abd")])!;
        Assert.Equal((4, 2), (root.Count, root.Tokens.Count));
        Assert.Equal(2, root.Bits, 5);
        Assert.Equal([3, 1], root.Children.Select(child => child.Count));
        var inner = root.Children[0];
        Assert.Equal("c", inner.Tokens[0].Text);
        Assert.Equal([2, 1], inner.Children.Select(child => child.Count));
        // "abcy" ends where "abcyz" goes on.
        Assert.Equal("abcy", inner.Children[0].End!.Key);
        Assert.Equal("abcyz", inner.Children[0].Children[0].End!.Key);
    }

    [Fact]
    public void All_leaves_are_found_again_whatever_they_are()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var texts = Enumerable.Range(0, random.Next(1, 12)).Select(_ => new string([.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => (char)('a' + random.Next(2)))])).ToList();
            var root = ForkNode.Of(texts.Select(Leaf))!;
            IEnumerable<string> Read(ForkNode node, string before)
            {
                var here = before + string.Concat(node.Tokens.Select(token => token.Text));
                var ends = node.Leaves.Count(leaf => leaf.Tokens.Count == here.Length);
                return Enumerable.Repeat(here, ends).Concat(node.Children.SelectMany(child => Read(child, here)));
            }
            Assert.Equal(texts.Order(StringComparer.Ordinal), Read(root, "").Order(StringComparer.Ordinal));
        }
        Assert.Null(ForkNode.Of([Leaf("")]));
    }
}
