using System.Text.Json;
using Kl3m.Inference.Tokenization;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Tokenization;

/// <summary>Parity with Hugging Face's tokenizers 0.23.2 on every golden, with both shapes of the KL3M file.</summary>
public sealed class TokenizerGoldenTests
{
    private static readonly Dictionary<string, Lazy<Tokenizer>> Loaded = new[] { "kl3m-002-170m", "kl3m-003-1.7b" }
        .ToDictionary(model => model, model => new Lazy<Tokenizer>(() => Tokenizer.Load(SharedFolder.Require($"models/{model}/tokenizer.json"))));

    public static TheoryData<string> Models => [.. Loaded.Keys];

    internal static Tokenizer Kl3m => Loaded["kl3m-002-170m"].Value;

    internal static TokenizerFile Kl3mFile => TokenizerFile.Parse(File.ReadAllBytes(SharedFolder.Require("models/kl3m-002-170m/tokenizer.json")), "tokenizer.json");

    [Theory, MemberData(nameof(Models))]
    public void Texts_encode_to_Hugging_Faces_ids(string model)
    {
        var tokenizer = Loaded[model].Value;
        var cases = Cases("encode.jsonl", 355);
        Assert.All(cases, golden => Assert.Equal(Ids(golden), tokenizer.Encode(Text(golden))));
    }

    [Theory, MemberData(nameof(Models))]
    public void Every_golden_text_round_trips(string model)
    {
        var tokenizer = Loaded[model].Value;
        Assert.All(Cases("encode.jsonl", 355), golden =>
        {
            var text = golden.GetProperty("text").GetString()!;
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        });
    }

    [Theory, MemberData(nameof(Models))]
    public void Ids_decode_to_Hugging_Faces_text(string model)
    {
        var tokenizer = Loaded[model].Value;
        Assert.All(Cases("decode.jsonl", 50), golden =>
        {
            var (ids, skip) = (Ids(golden), golden.GetProperty("skip_special_tokens").GetBoolean());
            Assert.Equal(golden.GetProperty("text").GetString(), tokenizer.Decode(ids, skip));
            var streaming = new IncrementalDetokenizer(tokenizer, skip);
            Assert.Equal(golden.GetProperty("text").GetString(), string.Concat(ids.Select(streaming.Append)) + streaming.Flush());
        });
    }

    [Theory, MemberData(nameof(Models))]
    public void Spans_are_Hugging_Faces_offsets(string model)
    {
        var tokenizer = Loaded[model].Value;
        Assert.All(Cases("offsets.jsonl", 60), golden =>
        {
            var offsets = golden.GetProperty("offsets_utf16").EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetInt32()));
            var spans = tokenizer.EncodeSpans(golden.GetProperty("text").GetString()!);
            Assert.Equal(Ids(golden), spans.Select(span => span.TokenId));
            Assert.Equal(offsets, spans.Select(span => (span.Start, span.End)));
        });
    }

    [Theory]
    [InlineData("neox-170m-like")]
    [InlineData("neox-kl3m-like")]
    [InlineData("neox-sharded-fp16")]
    [InlineData("neox-tied-bf16")]
    public void The_small_checkpoints_tokenizers_load(string checkpoint)
    {
        var tokenizer = Tokenizer.Load(SharedFolder.Require($"golden/neox/checkpoints/{checkpoint}/tokenizer.json"));
        Assert.Equal(512, tokenizer.VocabularySize);
        Assert.Equal(1, tokenizer.Find("<|end|>"));
        Assert.Equal("§ 1. été 🤝", tokenizer.Decode(tokenizer.Encode("§ 1. été 🤝")));
    }

    private static List<JsonElement> Cases(string file, int count)
    {
        var lines = File.ReadAllLines(SharedFolder.Require($"golden/tokenizer/{file}"));
        Assert.Equal(count, lines.Length);
        return [.. lines.Select(line => JsonElement.Parse(line))];
    }

    private static int[] Ids(JsonElement golden) => [.. golden.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>Lone surrogates are written as code units, since JSON text cannot hold them.</summary>
    private static string Text(JsonElement golden) => golden.TryGetProperty("utf16", out var units)
        ? new([.. units.EnumerateArray().Select(unit => (char)unit.GetInt32())])
        : golden.GetProperty("text").GetString()!;
}
