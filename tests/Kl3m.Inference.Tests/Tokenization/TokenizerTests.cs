using System.Text;
using Kl3m.Inference.Tokenization;
using Microsoft.ML.Tokenizers;
using Tokenizer = Kl3m.Inference.Tokenization.Tokenizer;

namespace Kl3m.Inference.Tests.Tokenization;

public sealed class TokenizerTests
{
    private static readonly Tokenizer Tiny = TinyTokenizer.Load();

    [Fact]
    public void Merges_apply_by_rank_and_added_tokens_match_first()
    {
        Assert.Equal([Tiny.Find("hello")!.Value, Tiny.Find("Ġworld")!.Value], Tiny.Encode("hello world"));
        Assert.Equal([Tiny.Find("x")!.Value, Tiny.Find("(a)")!.Value, Tiny.Find("y")!.Value], Tiny.Encode("x(a)y"));
        Assert.Equal([270, 269, Tiny.Find("Ġworld")!.Value], Tiny.Encode("       world"));
    }

    [Fact]
    public void A_typed_special_token_is_that_token() => Assert.Equal([1, Tiny.Find("a")!.Value, 0], Tiny.Encode("<|end|>a<|start|>"));

    [Fact]
    public void Special_tokens_are_found_before_others_that_overlap_them()
    {
        Assert.Equal([273], Tiny.Encode("end|"));
        Assert.Equal([1], Tiny.Encode("<|end|>"));
    }

    [Fact]
    public void The_vocabulary_is_described()
    {
        Assert.Equal(281, Tiny.VocabularySize);
        Assert.Equal("hello"u8, Tiny.BytesOf(Tiny.Find("hello")!.Value).Span);
        Assert.Equal("é"u8, Tiny.BytesOf(Tiny.Find("Ã©")!.Value).Span);
        Assert.Equal("\n\n"u8, Tiny.BytesOf(271).Span);
        Assert.Equal("<|end|>"u8, Tiny.BytesOf(1).Span);
        Assert.True(Tiny.IsSpecial(1));
        Assert.False(Tiny.IsSpecial(271));
        Assert.Null(Tiny.Find("no such token"));
    }

    [Theory]
    [InlineData(TinyTokenizer.Hole)]
    [InlineData(-1)]
    [InlineData(281)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void An_id_without_a_token_has_no_bytes_and_no_text(int id)
    {
        Assert.True(Tiny.BytesOf(id).IsEmpty);
        Assert.False(Tiny.IsSpecial(id));
        Assert.Equal("ab", Tiny.Decode([Tiny.Find("a")!.Value, id, Tiny.Find("b")!.Value]));
        Assert.Equal("", new IncrementalDetokenizer(Tiny).Append(id));
    }

    [Fact]
    public void Skipped_special_tokens_are_dropped_before_bytes_are_joined()
    {
        var (first, second) = (Tiny.Find("Ã")!.Value, Tiny.Find("©")!.Value);
        Assert.Equal("é", Tiny.Decode([first, 1, second], skipSpecialTokens: true));
        Assert.Equal("\ufffd<|end|>\ufffd", Tiny.Decode([first, 1, second]));
    }

    [Fact]
    public void Any_text_round_trips()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var text = RandomText.Make(seed, 1 + seed % 40);
            Assert.Equal(text, Tiny.Decode(Tiny.Encode(text)));
            Assert.Equal(text, TokenizerGoldenTests.Kl3m.Decode(TokenizerGoldenTests.Kl3m.Encode(text)));
        }
    }

    [Fact]
    public void A_lone_surrogate_counts_as_the_replacement_character()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var text = RandomText.Make(seed, 20, loneSurrogates: true);
            var wellFormed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(Tiny.Encode(wellFormed), Tiny.Encode(text));
            Assert.Equal(Tiny.EncodeSpans(wellFormed), Tiny.EncodeSpans(text));
        }
    }

    [Fact]
    public void Spans_cover_the_text_in_order_by_whole_characters()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var text = RandomText.Make(seed, 30);
            var spans = Tiny.EncodeSpans(text);
            Assert.Equal(Tiny.Encode(text), spans.Select(span => span.TokenId));
            var end = 0;
            foreach (var span in spans)
            {
                Assert.True(span.Start < span.End && span.End >= end, $"{span} after {end}");
                Assert.True(span.Start == end || span.Start == end - 1 || span.Start == end - 2, $"{span} after {end}");
                Assert.False(char.IsLowSurrogate(text[span.Start]) || char.IsHighSurrogate(text[span.End - 1]));
                end = span.End;
            }
            Assert.Equal(text.Length, end);
        }
    }

    [Fact]
    public void Long_pieces_are_merged_as_the_library_merges_them()
    {
        var file = TokenizerFile.Parse(TinyTokenizer.Json(_ => { }), "tiny.json");
        var merges = new BpeMerges(file.Vocabulary, file.Merges);
        var library = BpeTokenizer.Create(new BpeOptions(file.Vocabulary) { Merges = file.Merges.Select(merge => $"{merge.Left} {merge.Right}"), ByteLevel = true });
        var random = new Random(5);
        for (var round = 0; round < 2000; round++)
        {
            // Few different letters, so that merges chain, overlap and tie.
            var letters = (string[])["h", "e", "l", "l", "o", " w", "o", "r", "d", "é", "🤝"];
            var piece = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => letters[random.Next(letters.Length)]));
            var ids = new List<int>();
            merges.Encode(piece, ids);
            Assert.Equal(library.EncodeToIds(piece, considerPreTokenization: false), ids);
        }
    }

    [Fact]
    public void Kl3ms_long_words_are_merged_as_the_library_merges_them()
    {
        var (file, tokenizer) = (TokenizerGoldenTests.Kl3mFile, TokenizerGoldenTests.Kl3m);
        var library = BpeTokenizer.Create(new BpeOptions(file.Vocabulary) { Merges = file.Merges.Select(merge => $"{merge.Left} {merge.Right}"), ByteLevel = true });
        var random = new Random(6);
        var words = "notwithstanding|indemnification|the|hereinafter|aaaa|zq|Ωμέγα|法律|e".Split('|');
        foreach (var length in (int[])[Tokenizer.LongPiece - 1, Tokenizer.LongPiece, Tokenizer.LongPiece + 1, 400, 1500, 5000])
        {
            var text = new StringBuilder();
            while (text.Length < length)
            {
                text.Append(words[random.Next(words.Length)]);
            }
            var word = text.ToString(0, length);
            Assert.Equal(library.EncodeToIds(word, considerPreTokenization: false), tokenizer.Encode(word));
        }
    }

    /// <summary>Quadratic work on a million characters would take the better part of an hour; the time itself is not asserted.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("hello")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("7")]
    [InlineData("'")]
    [InlineData("<|end")]
    [InlineData("🤝")]
    [InlineData("end(a  ")]
    public void A_million_characters_of_one_kind_are_no_trap(string unit)
    {
        var text = new StringBuilder().Insert(0, unit, 1_000_000 / unit.Length).ToString();
        var spans = Tiny.EncodeSpans(text);
        Assert.Equal(text.Length, spans[^1].End);
        Assert.Equal(text, Tiny.Decode([.. spans.Select(span => span.TokenId)]));
    }

    [Fact]
    public void Threads_may_share_a_tokenizer()
    {
        var texts = Enumerable.Range(0, 64).Select(seed => RandomText.Make(seed, 200)).ToList();
        var expected = texts.Select(Tiny.Encode).ToList();
        var shared = TinyTokenizer.Load();
        Parallel.For(0, 512, i => Assert.Equal(expected[i % 64], shared.Encode(texts[i % 64])));
    }
}
