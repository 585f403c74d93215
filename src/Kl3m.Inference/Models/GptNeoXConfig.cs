using System.Text.Json;
using Kl3m.Inference.Weights;

namespace Kl3m.Inference.Models;

/// <summary>
/// config.json of a GPT-NeoX model, with the defaults of transformers' GPTNeoXConfig where a field is absent. What would change the
/// result and is not implemented (rope scaling, quantization) is refused by name; fields that mean nothing to GPT-NeoX are ignored.
/// </summary>
public sealed record GptNeoXConfig
{
    public int VocabSize { get; init; } = 50432;

    public int HiddenSize { get; init; } = 6144;

    public int NumHiddenLayers { get; init; } = 44;

    public int NumAttentionHeads { get; init; } = 64;

    public int IntermediateSize { get; init; } = 24576;

    public string HiddenAct { get; init; } = "gelu";

    /// <summary>Share of each head's dimensions that is rotated, from the first on; see <see cref="RotaryDims"/>.</summary>
    public double RotaryPct { get; init; } = 0.25;

    public double RotaryEmbBase { get; init; } = 10000;

    /// <summary>The length that the model was trained for. The arithmetic goes on past it; what comes out gets worse.</summary>
    public int MaxPositionEmbeddings { get; init; } = 2048;

    public double LayerNormEps { get; init; } = 1e-5;

    public double InitializerRange { get; init; } = 0.02;

    public bool UseParallelResidual { get; init; } = true;

    /// <summary>Whether the two linears of the attention have biases; those of the MLP always do, the head never.</summary>
    public bool AttentionBias { get; init; } = true;

    /// <summary>The head shares the embedding's weights; the checkpoint then has no <c>embed_out.weight</c>.</summary>
    public bool TieWordEmbeddings { get; init; }

    public int? BosTokenId { get; init; } = 0;

    /// <summary>Ids that end a text; empty where the model has none.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [2];

    public int? PadTokenId { get; init; }

    public int HeadDim => HiddenSize / NumAttentionHeads;

    /// <summary>Rotated dimensions of a head: truncated, not rounded.</summary>
    public int RotaryDims => (int)(HeadDim * RotaryPct);

    /// <summary>Weights of the model; a tied head is not counted twice.</summary>
    public long ParameterCount
    {
        get
        {
            var (hidden, inner) = ((long)HiddenSize, (long)IntermediateSize);
            var attention = 4 * hidden * hidden + (AttentionBias ? 4 * hidden : 0);
            var mlp = 2 * hidden * inner + inner + hidden;
            return (TieWordEmbeddings ? 1 : 2) * VocabSize * hidden + NumHiddenLayers * (attention + mlp + 4 * hidden) + 2 * hidden;
        }
    }

    /// <summary>Reads config.json of a model folder, and the end tokens of generation_config.json where it names some.</summary>
    /// <exception cref="ModelFileException">A field is missing, of the wrong type, out of range, or asks for what is not implemented.</exception>
    public static GptNeoXConfig Load(string folder)
    {
        var config = Read(JsonFields.Load(Path.Combine(folder, "config.json")));
        var generation = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(generation))
        {
            return config;
        }
        var json = JsonFields.Load(generation);
        return json.Has("eos_token_id") ? config with { EosTokenIds = TokenIds(json, "eos_token_id", [], config.VocabSize) } : config;
    }

    /// <summary>Reads a config.json that is not in a folder yet.</summary>
    /// <exception cref="ModelFileException">As <see cref="Load"/>.</exception>
    public static GptNeoXConfig Parse(ReadOnlySpan<byte> utf8) => Read(JsonFields.Parse("config.json", utf8));

    internal static GptNeoXConfig Read(JsonFields json)
    {
        var defaults = new GptNeoXConfig();
        if (json.String("model_type") is var type && type != "gpt_neox")
        {
            throw json.Wrong("model_type", $"is \"{type}\"; only \"gpt_neox\" is implemented.");
        }
        RefuseUnsupported(json);
        var vocabulary = json.Int32("vocab_size", defaults.VocabSize, 1, 1 << 24);
        // rotary_pct and rotary_emb_base win over the newer names in the same file, as in transformers; v5 nests those once more.
        var rope = json.TryGet("rope_parameters", out var parameters) ? json.Object("rope_parameters", parameters) : json;
        var config = new GptNeoXConfig
        {
            VocabSize = vocabulary,
            HiddenSize = json.Int32("hidden_size", defaults.HiddenSize, 1, 1 << 20),
            NumHiddenLayers = json.Int32("num_hidden_layers", defaults.NumHiddenLayers, 1, 1 << 14),
            NumAttentionHeads = json.Int32("num_attention_heads", defaults.NumAttentionHeads, 1, 1 << 20),
            IntermediateSize = json.Int32("intermediate_size", defaults.IntermediateSize, 1, 1 << 22),
            HiddenAct = json.String("hidden_act", defaults.HiddenAct),
            RotaryPct = json.Double("rotary_pct", rope.Double("partial_rotary_factor", defaults.RotaryPct, 0, 1), 0, 1),
            RotaryEmbBase = json.Double("rotary_emb_base", rope.Double("rope_theta", defaults.RotaryEmbBase, 1, 1e30), 1, 1e30),
            MaxPositionEmbeddings = json.Int32("max_position_embeddings", defaults.MaxPositionEmbeddings, 1, 1 << 30),
            LayerNormEps = json.Double("layer_norm_eps", defaults.LayerNormEps, 0, 1),
            InitializerRange = json.Double("initializer_range", defaults.InitializerRange, 0, 1e3),
            UseParallelResidual = json.Bool("use_parallel_residual", defaults.UseParallelResidual),
            AttentionBias = json.Bool("attention_bias", defaults.AttentionBias),
            TieWordEmbeddings = json.Bool("tie_word_embeddings", defaults.TieWordEmbeddings),
            BosTokenId = json.TryGet("bos_token_id", out _) || !json.Has("bos_token_id") ? json.Int32("bos_token_id", 0, int.MinValue, int.MaxValue) : null,
            EosTokenIds = TokenIds(json, "eos_token_id", defaults.EosTokenIds, vocabulary),
            PadTokenId = json.TryGet("pad_token_id", out _) ? json.Int32("pad_token_id", 0, int.MinValue, int.MaxValue) : null,
        };
        config.Check(json.File);
        return config;
    }

    /// <summary>The rules that fields keep among each other.</summary>
    /// <exception cref="ModelFileException"/>
    internal void Check(string file)
    {
        if (HiddenSize % NumAttentionHeads != 0)
        {
            throw new ModelFileException(file, "num_attention_heads", $"must divide hidden_size ({HiddenSize}), and {NumAttentionHeads} does not.");
        }
        if (RotaryDims % 2 != 0)
        {
            throw new ModelFileException(file, "rotary_pct", FormattableString.Invariant(
                $"{RotaryPct} of {HeadDim} dimensions a head rotates {RotaryDims}; they turn in pairs, so the number must be even."));
        }
        if (!Activation.Has(HiddenAct))
        {
            throw new ModelFileException(file, "hidden_act", $"\"{Shorten(HiddenAct)}\" is not implemented; it may be {string.Join(", ", Activation.Names)}.");
        }
    }

    private static void RefuseUnsupported(JsonFields json)
    {
        foreach (var name in (string[])["rope_scaling", "rope_parameters"])
        {
            if (json.TryGet(name, out var value))
            {
                var scaling = json.Object(name, value);
                var type = scaling.String("rope_type", scaling.String("type", "default"));
                if (type != "default")
                {
                    throw json.Wrong(name, $"\"{Shorten(type)}\" is not implemented; only plain rotary embeddings are.");
                }
            }
        }
        foreach (var name in (string[])["quantization_config", "compression_config", "pruned_heads"])
        {
            if (json.TryGet(name, out var value) && !(value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any()))
            {
                throw json.Wrong(name, "is not implemented; only plain fp32, fp16 and bf16 weights of whole models are.");
            }
        }
        if (json.TryGet("head_dim", out _) && json.Int32("head_dim", 0, 1, 1 << 20) is var dim
            && (long)dim * json.Int32("num_attention_heads", new GptNeoXConfig().NumAttentionHeads, 1, 1 << 20)
                != json.Int32("hidden_size", new GptNeoXConfig().HiddenSize, 1, 1 << 20))
        {
            throw json.Wrong("head_dim", $"{dim} is not hidden_size / num_attention_heads; a head of another size is not implemented.");
        }
    }

    /// <summary>An id, a list of ids, or null.</summary>
    private static IReadOnlyList<int> TokenIds(JsonFields json, string name, IReadOnlyList<int> absent, int vocabulary)
    {
        if (!json.Has(name))
        {
            return absent;
        }
        if (!json.TryGet(name, out var value))
        {
            return [];
        }
        int Id(JsonElement id) => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && number >= 0 && number < vocabulary
            ? number
            : throw json.Wrong(name, $"must be an id from 0 to {vocabulary - 1}, a list of ids, or null, not {JsonFields.Text(id)}.");
        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Id).Distinct()] : [Id(value)];
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "...";
}
