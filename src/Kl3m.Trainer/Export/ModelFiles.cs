using System.Text.Encodings.Web;
using System.Text.Json;
using Kl3m.Inference.Models;

namespace Kl3m.Trainer.Export;

/// <summary>The small JSON files of a Hugging Face folder, with the fields that transformers' GPT-NeoX writes.</summary>
internal static class ModelFiles
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="name">What programs call the model.</param>
    public static void Write(string folder, string name, GptNeoXConfig config)
    {
        Write(folder, "config.json", new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["_name_or_path"] = name,
            ["architectures"] = (string[])["GPTNeoXForCausalLM"],
            ["attention_bias"] = config.AttentionBias,
            ["attention_dropout"] = 0.0m,
            ["bos_token_id"] = config.BosTokenId,
            ["classifier_dropout"] = 0.1m,
            ["eos_token_id"] = config.EosTokenIds[0],
            ["hidden_act"] = config.HiddenAct,
            ["hidden_dropout"] = 0.0m,
            ["hidden_size"] = config.HiddenSize,
            ["initializer_range"] = config.InitializerRange,
            ["intermediate_size"] = config.IntermediateSize,
            ["layer_norm_eps"] = config.LayerNormEps,
            ["max_position_embeddings"] = config.MaxPositionEmbeddings,
            ["model_type"] = "gpt_neox",
            ["num_attention_heads"] = config.NumAttentionHeads,
            ["num_hidden_layers"] = config.NumHiddenLayers,
            ["partial_rotary_factor"] = config.RotaryPct,
            ["rope_scaling"] = null,
            ["rope_theta"] = config.RotaryEmbBase,
            ["rotary_emb_base"] = config.RotaryEmbBase,
            ["rotary_pct"] = config.RotaryPct,
            ["tie_word_embeddings"] = config.TieWordEmbeddings,
            ["torch_dtype"] = "bfloat16",
            ["use_cache"] = true,
            ["use_parallel_residual"] = config.UseParallelResidual,
            ["vocab_size"] = config.VocabSize,
        });
        Write(folder, "generation_config.json", new Dictionary<string, object?>
        {
            ["bos_token_id"] = config.BosTokenId,
            ["eos_token_id"] = config.EosTokenIds[0],
            ["pad_token_id"] = config.PadTokenId,
        });
        Write(folder, "tokenizer_config.json", new Dictionary<string, object?>
        {
            ["add_bos_token"] = false,
            ["add_eos_token"] = false,
            ["add_prefix_space"] = false,
            ["bos_token"] = "<|start|>",
            ["clean_up_tokenization_spaces"] = false,
            ["eos_token"] = "<|end|>",
            ["model_max_length"] = config.MaxPositionEmbeddings,
            ["pad_token"] = "<|pad|>",
            ["padding_side"] = "left",
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["unk_token"] = "<|unk|>",
        });
    }

    private static void Write(string folder, string file, object fields) =>
        File.WriteAllText(Path.Combine(folder, file), JsonSerializer.Serialize(fields, Json) + "\n");
}
