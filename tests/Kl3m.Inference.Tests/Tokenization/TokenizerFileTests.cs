using System.Text;
using System.Text.Json.Nodes;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Tests.Tokenization;

public sealed class TokenizerFileTests
{
    private static readonly Dictionary<string, (string Field, Action<JsonObject> Change)> Refused = new()
    {
        ["a normalizer"] = ("normalizer", root => root["normalizer"] = new JsonObject { ["type"] = "NFC" }),
        ["no pre-tokenizer"] = ("(whole file)", root => root["pre_tokenizer"] = null),
        ["another pre-tokenizer"] = ("pre_tokenizer.type", root => root["pre_tokenizer"] = new JsonObject { ["type"] = "Whitespace" }),
        ["a prefix space"] = ("pre_tokenizer.add_prefix_space", root => root["pre_tokenizer"]!["add_prefix_space"] = true),
        ["a split without GPT-2's pattern"] = ("pre_tokenizer.use_regex", root => root["pre_tokenizer"]!["use_regex"] = false),
        ["trimmed offsets"] = ("post_processor.trim_offsets", root => root["post_processor"] = new JsonObject { ["type"] = "ByteLevel", ["trim_offsets"] = true }),
        ["another post-processor"] = ("post_processor.type", root => root["post_processor"] = new JsonObject { ["type"] = "BertProcessing" }),
        ["a template with special tokens"] = ("post_processor.single", root => root["post_processor"] = new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(
                new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = "<|start|>" } }, new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A" } }),
        }),
        ["no decoder"] = ("(whole file)", root => root["decoder"] = null),
        ["another decoder"] = ("decoder.type", root => root["decoder"] = new JsonObject { ["type"] = "Metaspace" }),
        ["another model"] = ("model.type", root => root["model"]!["type"] = "Unigram"),
        ["dropout"] = ("model.dropout", root => root["model"]!["dropout"] = 0.1),
        ["byte fallback"] = ("model.byte_fallback", root => root["model"]!["byte_fallback"] = true),
        ["ignored merges"] = ("model.ignore_merges", root => root["model"]!["ignore_merges"] = true),
        ["a subword prefix"] = ("model.continuing_subword_prefix", root => root["model"]!["continuing_subword_prefix"] = "##"),
        ["a word suffix"] = ("model.end_of_word_suffix", root => root["model"]!["end_of_word_suffix"] = "</w>"),
        ["an unknown member of the model"] = ("model", root => root["model"]!["alpha"] = 1),
        ["an unknown member of the file"] = ("(whole file)", root => root["alpha"] = 1),
        ["lstrip"] = ("added_tokens[2].lstrip", root => root["added_tokens"]![2]!["lstrip"] = true),
        ["rstrip"] = ("added_tokens[2].rstrip", root => root["added_tokens"]![2]!["rstrip"] = true),
        ["single_word"] = ("added_tokens[2].single_word", root => root["added_tokens"]![2]!["single_word"] = true),
        ["an empty added token"] = ("added_tokens[2].content", root => root["added_tokens"]![2]!["content"] = ""),
        ["an endless added token"] = ("added_tokens[2].content", root => root["added_tokens"]![2]!["content"] = new string('x', 5000)),
        ["an added token twice"] = ("added_tokens[3].content", root => root["added_tokens"]![3]!["content"] = "  "),
        ["an added token against the vocabulary"] = ("added_tokens[1].id", root => root["added_tokens"]![1]!["id"] = 5),
        ["an added token with another's id"] = ("added_tokens[3].id", root => root["added_tokens"]![3]!["id"] = 269),
        ["an added token behind a gap"] = ("added_tokens[6].id", root => root["added_tokens"]![6]!["id"] = 300),
        ["an id twice"] = ("model.vocab[b]", root => root["model"]!["vocab"]!["b"] = root["model"]!["vocab"]!["a"]!.GetValue<int>()),
        ["a negative id"] = ("model.vocab[unmerged]", root => root["model"]!["vocab"]!["unmerged"] = -1),
        ["a huge id"] = ("model.vocab[unmerged]", root => root["model"]!["vocab"]!["unmerged"] = 2_000_000_000),
        ["an id beyond 32 bits"] = ("model.vocab[unmerged]", root => root["model"]!["vocab"]!["unmerged"] = 5_000_000_000),
        ["a broken id"] = ("model.vocab[unmerged]", root => root["model"]!["vocab"]!["unmerged"] = 1.5),
        ["a huge added id"] = ("added_tokens[6].id", root => root["added_tokens"]![6]!["id"] = 2_000_000_000),
        ["a byte without a token"] = ("model.vocab", root => root["model"]!["vocab"]!.AsObject().Remove("z")),
        ["a merge of one token"] = ("model.merges[0]", root => root["model"]!["merges"]![0] = "ll"),
        ["a merge of three tokens"] = ("model.merges[0]", root => root["model"]!["merges"]![0] = new JsonArray("l", "l", "o")),
        ["a merge of unknown tokens"] = ("model.merges[0]", root => root["model"]!["merges"]![0] = "xx y"),
        ["a merge to an unknown token"] = ("model.merges[0]", root => root["model"]!["merges"]![0] = "x y"),
        ["a merge twice"] = ("model.merges[1]", root => root["model"]!["merges"]![1] = "l l"),
        ["no merges"] = ("model", root => root["model"]!.AsObject().Remove("merges")),
        ["a vocabulary that is a list"] = ("model.vocab", root => root["model"]!["vocab"] = new JsonArray()),
    };

    public static TheoryData<string> RefusedNames => [.. Refused.Keys];

    [Theory, MemberData(nameof(RefusedNames))]
    public void What_is_not_supported_is_refused_by_file_and_field(string name)
    {
        var (field, change) = Refused[name];
        var error = Assert.Throws<ModelFileException>(() => TinyTokenizer.Parse(change));
        Assert.Equal("tiny.json", error.File);
        Assert.Equal(field, error.Field);
        Assert.StartsWith($"tiny.json: {field}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncation_padding_and_defaults_change_nothing()
    {
        var expected = TinyTokenizer.Load().Encode("hello world (a)\n\n  x");
        Assert.Equal(expected, TinyTokenizer.Parse(root =>
        {
            root.Remove("truncation");
            root.Remove("padding");
            root.Remove("version");
            root["pre_tokenizer"]!.AsObject().Remove("use_regex");
            root["model"]!["unk_token"] = "<|end|>";
            root["model"]!["dropout"] = 0.0;
            root["model"]!["ignore_merges"] = false;
            root["model"]!["end_of_word_suffix"] = "";
        }).Encode("hello world (a)\n\n  x"));
    }

    [Fact]
    public void Merges_may_be_texts_or_pairs()
    {
        var pairs = TinyTokenizer.Parse(root => root["model"]!["merges"] =
            new JsonArray([.. root["model"]!["merges"]!.AsArray().Select(merge => new JsonArray([.. merge!.GetValue<string>().Split(' ').Select(part => (JsonNode)part)]))]));
        Assert.Equal(TinyTokenizer.Load().Encode("hello world"), pairs.Encode("hello world"));
    }

    [Fact]
    public void A_name_twice_is_refused()
    {
        var json = Encoding.UTF8.GetString(TinyTokenizer.Json(_ => { })).Replace("\"a\":", "\"b\":", StringComparison.Ordinal);
        Assert.Throws<ModelFileException>(() => Tokenizer.Parse(Encoding.UTF8.GetBytes(json), "tiny.json"));
    }

    [Fact]
    public void A_truncated_file_is_refused_wherever_it_ends()
    {
        var json = TinyTokenizer.Json(_ => { });
        for (var length = 0; length < json.Length; length += 7)
        {
            Assert.Throws<ModelFileException>(() => Tokenizer.Parse(json.AsSpan(0, length), "tiny.json"));
        }
    }

    [Fact]
    public void A_huge_id_allocates_little()
    {
        var json = TinyTokenizer.Json(root => root["model"]!["vocab"]!["unmerged"] = int.MaxValue);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelFileException>(() => Tokenizer.Parse(json, "tiny.json"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Values_of_a_wrong_type_are_typed_errors()
    {
        JsonNode?[] wrong = [null, true, 7, 1e300, "x", "\ud800", new JsonArray(), new JsonObject(), new JsonArray(new JsonArray())];
        foreach (var path in Paths(JsonNode.Parse(TinyTokenizer.Json(_ => { }))!, []).ToList())
        {
            foreach (var value in wrong)
            {
                LoadsOrIsRefused(TinyTokenizer.Json(root => Set(root, path, value)));
            }
        }
    }

    [Fact]
    public void Broken_UTF_8_is_refused_even_where_an_error_would_show_it()
    {
        byte[] json = [.. "{\"pre_tokenizer\":\""u8, 0xed, 0xa0, 0x80, .. "\"}"u8];
        var error = Assert.Throws<ModelFileException>(() => Tokenizer.Parse(json, "tiny.json"));
        Assert.Equal("tiny.json: (whole file): is not UTF-8.", error.Message);
    }

    [Fact]
    public void An_error_is_short_whatever_stands_in_the_file()
    {
        var name = string.Concat(Enumerable.Repeat("\ud83d\ude00", 500_000));
        var error = Assert.Throws<ModelFileException>(() => TinyTokenizer.Parse(root => root["post_processor"] = new JsonObject { ["type"] = name }));
        Assert.InRange(error.Message.Length, 20, 1000);
        Assert.DoesNotContain('\ufffd', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(error.Message)));
    }

    private static void LoadsOrIsRefused(byte[] json)
    {
        try
        {
            Tokenizer.Parse(json, "tiny.json").Encode("hello world (a)");
        }
        catch (ModelFileException)
        {
        }
    }

    /// <summary>Every place in the file, but only a few of each long list.</summary>
    private static IEnumerable<object[]> Paths(JsonNode? node, object[] path)
    {
        var children = node switch
        {
            JsonObject members => members.Take(9).Select(member => ((object)member.Key, member.Value)),
            JsonArray items => items.Take(3).Select((item, i) => ((object)i, item)),
            _ => [],
        };
        return children.SelectMany(child => Paths(child.Item2, [.. path, child.Item1]).Prepend([.. path, child.Item1]));
    }

    private static void Set(JsonNode root, object[] path, JsonNode? value)
    {
        foreach (var step in path[..^1])
        {
            root = (step is int index ? root[index] : root[(string)step])!;
        }
        if (path[^1] is int last)
        {
            root[last] = value?.DeepClone();
        }
        else
        {
            root[(string)path[^1]] = value?.DeepClone();
        }
    }
}
