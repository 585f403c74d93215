using System.Text;
using System.Text.Json.Nodes;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Tests.Tokenization;

/// <summary>
/// A tokenizer.json for tests: two special tokens (0, 1), the 256 bytes (2 to 257), ten merges (258 to 267), a hole, whole tokens (269
/// to 273, numbered on from the count of the vocabulary, as Hugging Face does it), holes, and one more token of the vocabulary at 280.
/// </summary>
internal static class TinyTokenizer
{
    public const int Hole = 268;

    private static readonly string[] Merges =
        ["l l", "h e", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld", "Ã ©"];

    public static Tokenizer Load() => Parse(_ => { });

    public static Tokenizer Parse(Action<JsonObject> change) => Tokenizer.Parse(Json(change), "tiny.json");

    public static byte[] Json(Action<JsonObject> change)
    {
        var vocabulary = new JsonObject { ["<|start|>"] = 0, ["<|end|>"] = 1 };
        for (var value = 0; value < 256; value++)
        {
            vocabulary.Add(ByteAlphabet.CharacterOf((byte)value).ToString(), 2 + value);
        }
        foreach (var merge in Merges)
        {
            vocabulary.Add(merge.Replace(" ", "", StringComparison.Ordinal), vocabulary.Count);
        }
        vocabulary.Add("unmerged", 280);
        var root = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = new JsonObject { ["direction"] = "Right", ["max_length"] = 3, ["strategy"] = "LongestFirst", ["stride"] = 0 },
            ["padding"] = new JsonObject
            {
                ["strategy"] = new JsonObject { ["Fixed"] = 8 }, ["direction"] = "Right", ["pad_to_multiple_of"] = null, ["pad_id"] = 0, ["pad_type_id"] = 0, ["pad_token"] = "<|end|>",
            },
            ["added_tokens"] = new JsonArray(
                Added(0, "<|start|>", special: true), Added(1, "<|end|>", special: true),
                Added(269, "  "), Added(270, "    "), Added(271, "\n\n"), Added(272, "(a)"), Added(273, "end|")),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = null,
                ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. Merges.Select(merge => (JsonNode)merge)]),
            },
        };
        change(root);
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    public static JsonObject Added(int id, string content, bool special = false) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = !special,
        ["special"] = special,
    };

    private static JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
}
