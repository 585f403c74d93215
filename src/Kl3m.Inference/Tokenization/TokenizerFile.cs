using System.Text.Json;

namespace Kl3m.Inference.Tokenization;

/// <summary>
/// What a tokenizer.json says, as far as this program can do it: byte-level BPE as GPT-2 has it, and added tokens. What would change
/// ids, offsets or decoded text in another way (normalizers, other splits, templates with special tokens ...) is refused by name;
/// "truncation" and "padding" concern batches for training and are left aside.
/// </summary>
internal sealed record TokenizerFile(
    IReadOnlyDictionary<string, int> Vocabulary,
    IReadOnlyList<(string Left, string Right)> Merges,
    IReadOnlyList<AddedToken> AddedTokens)
{
    /// <summary>Four times the largest vocabularies in use. Arrays are as long as the largest id: a hostile file must not choose it.</summary>
    private const int IdLimit = 1 << 20;

    private const int MaxAddedTokenLength = 4096;

    private const int MaxAddedTokensLength = 1 << 22;

    /// <exception cref="ModelFileException">The file is broken, contradicts itself, or asks for what is not supported.</exception>
    public static TokenizerFile Parse(ReadOnlySpan<byte> json, string name)
    {
        var root = JsonField.Parse(json, name).OnlyWith(
            "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        if (root.Optional("normalizer") is { } normalizer)
        {
            throw normalizer.Error("normalizers are not supported.");
        }
        CheckPreTokenizer(root.Required("pre_tokenizer"));
        CheckPostProcessor(root.Optional("post_processor"));
        CheckDecoder(root.Required("decoder"));
        var model = root.Required("model");
        CheckModel(model);
        var vocabulary = ReadVocabulary(model.Required("vocab"));
        return new(vocabulary, ReadMerges(model.Required("merges"), vocabulary), ReadAddedTokens(root.Optional("added_tokens"), vocabulary));
    }

    private static void CheckPreTokenizer(JsonField split)
    {
        Type(split, "ByteLevel", "add_prefix_space", "trim_offsets", "use_regex");
        Only(split.Required("add_prefix_space"), false);
        Only(split.Optional("use_regex"), true);
    }

    private static void CheckPostProcessor(JsonField? post)
    {
        if (post is not { } processor)
        {
            return;
        }
        if (processor.Required("type").String() == "ByteLevel")
        {
            Type(processor, "ByteLevel", "add_prefix_space", "trim_offsets", "use_regex");
            Only(processor.Required("trim_offsets"), false);
            return;
        }
        Type(processor, "TemplateProcessing", "single", "pair", "special_tokens");
        var single = processor.Required("single").Items().ToList();
        if (single.Count != 1 || single[0].Optional("Sequence")?.Required("id").String() != "A")
        {
            throw processor.Required("single").Error("templates that add tokens are not supported.");
        }
    }

    private static void CheckDecoder(JsonField decoder) => Type(decoder, "ByteLevel", "add_prefix_space", "trim_offsets", "use_regex");

    private static void CheckModel(JsonField model)
    {
        Type(model, "BPE", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges",
            "vocab", "merges");
        // unk_token and fuse_unk: every byte has a token (checked below), so nothing is ever unknown.
        foreach (var name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Optional(name) is { } affix && affix.String().Length > 0)
            {
                throw affix.Error("marks inside or at the end of words are not supported.");
            }
        }
        if (model.Optional("dropout") is { } dropout && !(dropout.Element.ValueKind == JsonValueKind.Number && dropout.Element.GetDouble() == 0))
        {
            throw dropout.Error("dropout is not supported.");
        }
        Only(model.Optional("byte_fallback"), false);
        Only(model.Optional("ignore_merges"), false);
    }

    private static Dictionary<string, int> ReadVocabulary(JsonField vocab)
    {
        var ids = new Dictionary<string, int>();
        var taken = new Dictionary<int, string>();
        foreach (var (token, value) in vocab.Members())
        {
            var id = value.Index(IdLimit);
            if (!taken.TryAdd(id, token))
            {
                throw value.Error($"has id {id}, which is \"{taken[id]}\" already.");
            }
            ids.Add(token, id);
        }
        for (var value = 0; value < 256; value++)
        {
            var character = ByteAlphabet.CharacterOf((byte)value).ToString();
            if (!ids.ContainsKey(character))
            {
                throw vocab.Error($"lacks \"{character}\", the token of byte {value}: text with that byte would vanish.");
            }
        }
        return ids;
    }

    private static List<(string, string)> ReadMerges(JsonField merges, Dictionary<string, int> vocabulary)
    {
        var read = new List<(string, string)>();
        var known = new HashSet<(string, string)>();
        foreach (var merge in merges.Items())
        {
            string[] parts = merge.Element.ValueKind == JsonValueKind.Array
                ? [.. merge.Items().Select(part => part.String())]
                : merge.String().Split(' ');
            if (parts.Length != 2)
            {
                throw merge.Error($"must be two tokens, not {merge.Shown}.");
            }
            foreach (var token in (string[])[parts[0], parts[1], parts[0] + parts[1]])
            {
                if (!vocabulary.ContainsKey(token) || !ByteAlphabet.Covers(token))
                {
                    throw merge.Error($"needs \"{token}\", which is not a byte-level token of model.vocab.");
                }
            }
            if (!known.Add((parts[0], parts[1])))
            {
                throw merge.Error($"{merge.Shown} stands there twice.");
            }
            read.Add((parts[0], parts[1]));
        }
        return read;
    }

    private static List<AddedToken> ReadAddedTokens(JsonField? list, Dictionary<string, int> vocabulary)
    {
        var read = new List<AddedToken>();
        var contents = new HashSet<string>();
        var taken = new HashSet<int>(vocabulary.Values);
        var (next, length) = (vocabulary.Count, 0);
        foreach (var field in list?.Items() ?? [])
        {
            var token = ReadAddedToken(field);
            if (!contents.Add(token.Content))
            {
                throw field.Required("content").Error($"\"{token.Content}\" stands there twice.");
            }
            if ((length += token.Content.Length) > MaxAddedTokensLength)
            {
                throw list!.Value.Error($"has more than {MaxAddedTokensLength} characters.");
            }
            // Hugging Face numbers added tokens itself, whatever the file says: by the vocabulary, or on from it.
            var id = vocabulary.TryGetValue(token.Content, out var known) ? known : next;
            if (token.Id != id)
            {
                throw field.Required("id").Error($"must be {id}, {(id == known ? "its id in model.vocab" : "the next free one")}, not {token.Id}.");
            }
            if (id != known && !taken.Add(id))
            {
                throw field.Required("id").Error($"{id} belongs to a token of model.vocab.");
            }
            next = Math.Max(next, id + 1);
            read.Add(token);
        }
        return read;
    }

    private static AddedToken ReadAddedToken(JsonField field)
    {
        field.OnlyWith("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
        foreach (var name in (string[])["single_word", "lstrip", "rstrip"])
        {
            Only(field.Required(name), false);
        }
        var content = field.Required("content").String();
        return content.Length is > 0 and <= MaxAddedTokenLength
            ? new(field.Required("id").Index(IdLimit), content, field.Required("normalized").Boolean(), field.Required("special").Boolean())
            : throw field.Required("content").Error($"must have 1 to {MaxAddedTokenLength} characters, not {content.Length}.");
    }

    private static void Type(JsonField field, string type, params ReadOnlySpan<string> members)
    {
        if (field.Required("type").String() is var found && found != type)
        {
            throw field.Required("type").Error($"must be {type}, not {found}.");
        }
        field.OnlyWith(["type", .. members]);
    }

    private static void Only(JsonField? field, bool supported)
    {
        if (field is { } present && present.Boolean() != supported)
        {
            throw present.Error($"only {(supported ? "true" : "false")} is supported.");
        }
    }
}
