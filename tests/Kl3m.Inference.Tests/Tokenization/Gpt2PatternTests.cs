using System.Text.RegularExpressions;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Tests.Tokenization;

public sealed partial class Gpt2PatternTests
{
    [Theory]
    [InlineData("It's the company's, they'll say", "It|'s| the| company|'s|,| they|'ll| say")]
    [InlineData("'S 'tis we'd I'm you've we're 'x", "'|S| '|tis| we|'d| I|'m| you|'ve| we|'re| '|x")]
    [InlineData("  two   three  ", " | two|  | three|  ")]
    [InlineData("a\n\n b\n", "a|\n\n| b|\n")]
    [InlineData("§ 1.2(a)—x", "§| 1|.|2|(|a|)—|x")]
    [InlineData("teachers𣙲're 𝟛𝟜 🤝🤝", "teachers𣙲|'re| 𝟛𝟜| 🤝🤝")]
    [InlineData("\u3000\u3000律師 \u00a0x", "\u3000|\u3000|律師| |\u00a0|x")]
    [InlineData(" ", " ")]
    [InlineData("'", "'")]
    public void A_text_falls_into_words(string text, string words) => Assert.Equal(words.Split('|'), Split(text));

    /// <summary>.NET's own regular expression is right where every character is one UTF-16 unit.</summary>
    [Fact]
    public void On_the_basic_plane_it_is_the_regular_expression()
    {
        for (var seed = 0; seed < 3000; seed++)
        {
            var text = string.Concat(RandomText.Make(seed, 30).Where(character => !char.IsSurrogate(character)));
            Assert.Equal(Pattern.Matches(text).Select(match => match.Value), Split(text));
        }
    }

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    private static partial Regex Pattern { get; }

    private static List<string> Split(string text)
    {
        var words = new List<string>();
        for (var start = 0; start < text.Length; start += words[^1].Length)
        {
            words.Add(text.Substring(start, Gpt2Pattern.FirstWord(text.AsSpan(start))));
        }
        return words;
    }
}
