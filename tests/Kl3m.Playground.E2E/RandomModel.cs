using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Kl3m.Playground.Backends;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.E2E;

/// <summary>The files of a GPT-NeoX of random weights, small, with the real KL3M tokenizer where ../shared has it and the bundled model's where not.</summary>
internal static class RandomModel
{
    private const int Hidden = 32;
    private const int Layers = 2;
    private const int Inner = 64;
    private const int Context = 1024;

    public static IReadOnlyDictionary<string, byte[]> Files()
    {
        var real = Path.Combine(SharedFolder.Repository, "..", "shared", "models", "kl3m-003-1.7b", "tokenizer.json");
        var (tokenizer, vocabulary) = File.Exists(real) ? (real, 32_768) : (Path.Combine(ModelFolder.BundledPath, "tokenizer.json"), 4_096);
        return new Dictionary<string, byte[]>
        {
            ["config.json"] = JsonSerializer.SerializeToUtf8Bytes(new
            {
                model_type = "gpt_neox", vocab_size = vocabulary, hidden_size = Hidden, num_hidden_layers = Layers, num_attention_heads = 2, intermediate_size = Inner,
                max_position_embeddings = Context, eos_token_id = (int?)null, bos_token_id = (int?)null,
            }),
            ["tokenizer.json"] = File.ReadAllBytes(tokenizer),
            ["README.md"] = Encoding.UTF8.GetBytes("---\nlicense: mit\n---\n# Random\n\nIt knows nothing."),
            ["model.safetensors"] = Weights(vocabulary),
        };
    }

    private static IEnumerable<(string Name, int[] Shape)> Tensors(int vocabulary)
    {
        yield return ("gpt_neox.embed_in.weight", [vocabulary, Hidden]);
        for (var i = 0; i < Layers; i++)
        {
            foreach (var (name, rows, columns) in ((string, int, int)[])
                [("attention.query_key_value", 3 * Hidden, Hidden), ("attention.dense", Hidden, Hidden), ("mlp.dense_h_to_4h", Inner, Hidden), ("mlp.dense_4h_to_h", Hidden, Inner)])
            {
                yield return ($"gpt_neox.layers.{i}.{name}.weight", [rows, columns]);
                yield return ($"gpt_neox.layers.{i}.{name}.bias", [rows]);
            }
            foreach (var name in (string[])["input_layernorm", "post_attention_layernorm"])
            {
                yield return ($"gpt_neox.layers.{i}.{name}.weight", [Hidden]);
                yield return ($"gpt_neox.layers.{i}.{name}.bias", [Hidden]);
            }
        }
        yield return ("gpt_neox.final_layer_norm.weight", [Hidden]);
        yield return ("gpt_neox.final_layer_norm.bias", [Hidden]);
        yield return ("embed_out.weight", [vocabulary, Hidden]);
    }

    /// <summary>As safetensors lays them out: length of the header, header, fp32 values.</summary>
    private static byte[] Weights(int vocabulary)
    {
        var random = new Random(4);
        var (header, data) = (new Dictionary<string, object>(), new MemoryStream());
        foreach (var (name, shape) in Tensors(vocabulary))
        {
            var values = new float[shape.Aggregate(1, (product, side) => product * side)];
            var isNorm = name.Contains("norm.weight", StringComparison.Ordinal);
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = isNorm ? 1 : (random.NextSingle() - 0.5f) * 0.2f;
            }
            var start = data.Position;
            data.Write(MemoryMarshal.AsBytes<float>(values));
            header[name] = new { dtype = "F32", shape, data_offsets = new[] { start, data.Position } };
        }
        var text = JsonSerializer.SerializeToUtf8Bytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text, .. data.ToArray()];
    }
}
