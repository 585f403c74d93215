using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kl3m.Trainer.Tokenization;

/// <summary>Writes a tokenizer.json as Hugging Face reads it, in the shape of KL3M's own files.</summary>
internal static class TokenizerJson
{
    public static byte[] Write(BpeVocabulary vocabulary, IReadOnlyList<string> specials, IReadOnlyList<string> wholeTokens)
    {
        using var memory = new MemoryStream();
        var style = new JsonWriterOptions { Indented = true, IndentSize = 1, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(memory, style))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            json.WriteStartArray("added_tokens");
            for (var i = 0; i < specials.Count; i++)
            {
                WriteAddedToken(json, i, specials[i], special: true);
            }
            for (var i = 0; i < wholeTokens.Count; i++)
            {
                WriteAddedToken(json, vocabulary.Tokens.Count + i, wholeTokens[i], special: false);
            }
            json.WriteEndArray();
            json.WriteNull("normalizer");
            WriteByteLevel(json, "pre_tokenizer", addPrefixSpace: false);
            json.WriteNull("post_processor");
            WriteByteLevel(json, "decoder", addPrefixSpace: true);
            WriteModel(json, vocabulary);
            json.WriteEndObject();
        }
        memory.WriteByte((byte)'\n');
        return memory.ToArray();
    }

    private static void WriteAddedToken(Utf8JsonWriter json, int id, string content, bool special)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("content", content);
        json.WriteBoolean("single_word", false);
        json.WriteBoolean("lstrip", false);
        json.WriteBoolean("rstrip", false);
        json.WriteBoolean("normalized", !special);
        json.WriteBoolean("special", special);
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string name, bool addPrefixSpace)
    {
        json.WriteStartObject(name);
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", addPrefixSpace);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", true);
        json.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter json, BpeVocabulary vocabulary)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        foreach (var off in (string[])["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"])
        {
            json.WriteNull(off);
        }
        foreach (var off in (string[])["fuse_unk", "byte_fallback", "ignore_merges"])
        {
            json.WriteBoolean(off, false);
        }
        json.WriteStartObject("vocab");
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
        {
            json.WriteNumber(vocabulary.Tokens[id], id);
        }
        json.WriteEndObject();
        json.WriteStartArray("merges"); // "a b", which every version reads; no token of the alphabet holds a space
        foreach (var merge in vocabulary.Merges)
        {
            json.WriteStringValue($"{merge.Left} {merge.Right}");
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
