using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Tests.Tokenization;

public sealed class IncrementalDetokenizerTests
{
    private static readonly Tokenizer Tiny = TinyTokenizer.Load();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Parts_joined_are_what_decoding_all_at_once_gives(bool skipSpecialTokens)
    {
        var random = new Random(1);
        var detokenizer = new IncrementalDetokenizer(Tiny, skipSpecialTokens); // one for all: flushing makes it new
        for (var round = 0; round < 5000; round++)
        {
            var ids = Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(-1, Tiny.VocabularySize + 1)).ToArray();
            Assert.Equal(Tiny.Decode(ids, skipSpecialTokens), string.Concat(ids.Select(detokenizer.Append)) + detokenizer.Flush());
        }
    }

    [Fact]
    public void No_part_holds_half_a_character()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var text = RandomText.Make(seed, 20).Replace("\ufffd", "", StringComparison.Ordinal);
            var detokenizer = new IncrementalDetokenizer(Tiny, skipSpecialTokens: false);
            var parts = Tiny.Encode(text).Select(detokenizer.Append).ToList();
            Assert.All(parts, part => Assert.False(part.Contains('\ufffd') || (part.Length > 0 && (char.IsLowSurrogate(part[0]) || char.IsHighSurrogate(part[^1])))));
            Assert.Equal(text, string.Concat(parts));
            Assert.Equal("", detokenizer.Flush());
        }
    }

    [Fact]
    public void A_character_comes_with_the_token_that_completes_it()
    {
        var detokenizer = new IncrementalDetokenizer(Tiny);
        Assert.Equal(["", "", "", "🤝"], Tiny.Encode("🤝").Select(detokenizer.Append));
    }

    [Fact]
    public void What_stays_incomplete_becomes_the_replacement_character()
    {
        var detokenizer = new IncrementalDetokenizer(Tiny);
        Assert.Equal("", detokenizer.Append(Tiny.Find("Ã")!.Value));
        Assert.Equal("\ufffd", detokenizer.Flush());
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void Skipped_special_tokens_do_not_break_a_character()
    {
        var detokenizer = new IncrementalDetokenizer(Tiny);
        Assert.Equal(["", "", "é", ""], new[] { Tiny.Find("Ã")!.Value, 1, Tiny.Find("©")!.Value, 0 }.Select(detokenizer.Append));
    }
}
