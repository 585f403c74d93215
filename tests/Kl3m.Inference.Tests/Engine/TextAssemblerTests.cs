using System.Text;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Sampling;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Engine;

public sealed class TextAssemblerTests
{
    [Fact]
    public void Without_stop_texts_a_token_comes_at_once_unless_it_ends_inside_a_character()
    {
        var assembler = Assembler();
        Assert.Equal(["a"], Append(assembler, 'a'));
        Assert.Equal([], Append(assembler, 0xC3));
        Assert.Equal(["", "é"], Append(assembler, 0xA9));
        Assert.Equal([], Append(assembler, 0xF0));
        Assert.Equal([""], Append(assembler, 0x9F));
        Assert.Equal([""], Append(assembler, 0x98));
        Assert.Equal(["", "😀"], Append(assembler, 0x80));
        Assert.Equal([], Texts(assembler.Finish()));
    }

    [Fact]
    public void A_character_that_stays_incomplete_is_a_replacement_in_its_last_token()
    {
        var assembler = Assembler();
        Append(assembler, 0xE2);
        Append(assembler, 0x82);
        Assert.Equal(["\uFFFD"], Texts(assembler.Finish()));
    }

    [Fact]
    public void The_end_token_has_no_text_even_behind_an_incomplete_character()
    {
        var assembler = Assembler();
        Append(assembler, 'a');
        Append(assembler, 0xC3);
        Assert.Equal(["\uFFFD", ""], Texts(assembler.Finish(Token(ByteTokenizer.End))));
    }

    [Fact]
    public void A_special_token_inside_a_character_has_no_text_and_does_not_break_it()
    {
        var assembler = Assembler();
        Append(assembler, 0xC3);
        Assert.Equal([], Append(assembler, ByteTokenizer.End));
        Assert.Equal(["", "", "é"], Append(assembler, 0xA9));

        Append(assembler, 0xC3);
        Append(assembler, ByteTokenizer.End);
        Assert.Equal(["\uFFFD", ""], Texts(assembler.Finish()));
    }

    [Fact]
    public void Tokens_are_held_back_only_while_they_could_belong_to_a_stop_text()
    {
        var assembler = Assembler("abc");
        Assert.Equal(["x"], Append(assembler, 'x'));
        Assert.Equal([], Append(assembler, 'a'));
        Assert.Equal([], Append(assembler, 'b'));
        Assert.Equal(["a", "b"], Append(assembler, 'a'));
        Assert.Equal([], Append(assembler, 'b'));
        Assert.Equal(["", "", ""], Append(assembler, 'c'));
        Assert.Equal("abc", assembler.StopText);
    }

    [Fact]
    public void Whatever_the_bytes_and_stops_the_texts_joined_are_the_text_up_to_the_stop()
    {
        var random = new Random(2);
        string[] characters = ["a", "b", "é", "€", "😀"];
        string Text(int most) => string.Concat(Enumerable.Range(0, random.Next(1, most)).Select(_ => characters[random.Next(characters.Length)]));
        for (var round = 0; round < 3000; round++)
        {
            var stops = Enumerable.Range(0, random.Next(0, 4)).Select(_ => Text(4)).ToArray();
            var bytes = Encoding.UTF8.GetBytes(Text(20))[..^random.Next(0, 2)];
            var whole = Encoding.UTF8.GetString(bytes);
            var end = Enumerable.Range(0, whole.Length + 1).FirstOrDefault(end => stops.Any(stop => whole[..end].EndsWith(stop, StringComparison.Ordinal)), -1);
            var stop = end < 0 ? null : stops.Where(stop => whole[..end].EndsWith(stop, StringComparison.Ordinal)).MaxBy(stop => stop.Length);

            var assembler = Assembler(stops);
            var tokens = new List<TokenGenerated>();
            foreach (var value in bytes.TakeWhile(_ => assembler.StopText is null))
            {
                tokens.AddRange(assembler.Append(Token(value)));
            }
            if (assembler.StopText is null)
            {
                tokens.AddRange(assembler.Finish());
            }

            Assert.Equal(stop, assembler.StopText);
            Assert.Equal(stop is null ? whole : whole[..(end - stop.Length)], string.Concat(tokens.Select(token => token.Text)));
            Assert.Equal(bytes.Take(tokens.Count).Select(value => (int)value), tokens.Select(token => token.Score.TokenId));
            Assert.Equal(Enumerable.Range(0, tokens.Count), tokens.Select(token => token.Position));
            Assert.True(stop is not null || tokens.Count == bytes.Length);
        }
    }

    private static TextAssembler Assembler(params string[] stops) =>
        new(0, ByteTokenizer.Tokenizer, [.. stops.Select(stop => new StopMatcher.Pattern(stop))], []);

    private static string[] Append(TextAssembler assembler, int id) => Texts(assembler.Append(Token(id)));

    private static string[] Texts(IEnumerable<TokenGenerated> tokens) => [.. tokens.Select(token => token.Text)];

    private static SampledToken Token(int id) => new(
        new() { TokenId = id, RawLogprob = 0, FinalLogprob = 0, Rank = 1, Entropy = 0, Alternatives = [] }, new([], null, 0, 1, 1));
}
