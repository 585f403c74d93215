using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Tests.Shared;

/// <summary>A tokenizer whose tokens 0 to 255 are the bytes themselves; 256 is the special token <c>&lt;|end|&gt;</c>.</summary>
internal static class ByteTokenizer
{
    public const int End = 256;

    public const int VocabularySize = 257;

    public static Tokenizer Tokenizer { get; } = Tokenizer.Parse(JsonSerializer.SerializeToUtf8Bytes(new
    {
        version = "1.0",
        added_tokens = new[]
        {
            new { id = End, content = "<|end|>", single_word = false, lstrip = false, rstrip = false, normalized = false, special = true },
        },
        pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = true },
        decoder = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = true },
        model = new { type = "BPE", vocab = Enumerable.Range(0, 256).ToDictionary(value => Character((byte)value).ToString(), value => value), merges = Array.Empty<string>() },
    }), "bytes");

    /// <summary>What a made-up model with this tokenizer is.</summary>
    public static ModelInfo Model { get; } = new()
    {
        Id = "fake",
        ContextLength = 256,
        VocabularySize = VocabularySize,
        EndTokenIds = [End],
        ParameterCount = 1,
        Dtype = "fp32",
        Device = "cpu",
    };

    // GPT-2's alphabet: printable bytes stand for themselves, the others are numbered from U+0100.
    private static char Character(byte value)
    {
        static bool IsPrintable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return IsPrintable(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(b => !IsPrintable(b)));
    }
}
