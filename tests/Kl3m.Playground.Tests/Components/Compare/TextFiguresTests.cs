using Kl3m.Playground.Components.Pages.Compare;

namespace Kl3m.Playground.Tests.Components.Compare;

public sealed class TextFiguresTests
{
    [Theory]
    [InlineData("aaaa", 2, 3, 2)]
    [InlineData("abab", 2, 3, 1)]
    [InlineData("abcd", 2, 3, 0)]
    [InlineData("abcabcabc", 4, 6, 3)]
    [InlineData("abc", 4, 0, 0)]
    public void Ngrams_are_counted_and_repeated_ones_are_those_that_came_before(string text, int n, int total, int repeated)
    {
        var count = new NgramCount(n);
        for (var length = 0; length <= text.Length; length++)
        {
            count.Follow(text[..length].ToList(), letter => letter);
        }
        Assert.Equal((total, repeated), (count.Total, count.Repeated));
        Assert.Equal(total == 0 ? null : (double)(total - repeated) / total, count.Distinct);
    }

    [Theory]
    [InlineData("", "", "")]
    [InlineData("a b c", "a b c", "=a b c")]
    [InlineData("a b c", "a x c", "=a |-b |+x |=c")]
    [InlineData("a b c", "b c d", "-a |=b c |+d")]
    [InlineData("the laws of the State", "the laws of Delaware", "=the laws of |-the State|+Delaware")]
    [InlineData("one two", "", "-one two")]
    public void Words_removed_and_added_are_the_fewest(string from, string to, string expected) =>
        Assert.Equal(expected, string.Join('|', WordDiff.Compare(from, to).Select(stretch => (stretch.Change switch { Change.Same => "=", Change.Added => "+", _ => "-" }) + stretch.Text)));

    [Fact]
    public void Whatever_differs_the_new_text_is_there_and_so_is_the_old()
    {
        var random = new Random(3);
        for (var i = 0; i < 300; i++)
        {
            string Text() => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => "abc"[random.Next(3)] + new[] { " ", "\n\n", "  ", "" }[random.Next(4)]));
            var (from, to) = (Text(), Text());
            var diff = WordDiff.Compare(from, to);
            Assert.Equal(to, string.Concat(diff.Where(stretch => stretch.Change != Change.Removed).Select(stretch => stretch.Text)));
            Assert.Equal(from.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
                string.Concat(diff.Where(stretch => stretch.Change != Change.Added).Select(stretch => stretch.Text + " ")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        }
    }

    [Fact]
    public void A_long_text_is_compared_in_bounded_room() =>
        Assert.NotEmpty(WordDiff.Compare(string.Concat(Enumerable.Repeat("a b ", 20_000)), string.Concat(Enumerable.Repeat("b a c ", 20_000))));
}
