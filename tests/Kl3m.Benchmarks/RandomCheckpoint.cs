using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Kl3m.Inference.Models;

namespace Kl3m.Benchmarks;

/// <summary>
/// Weights of a model that is not at hand: fp32, normal with deviation 0.02, in the shards and under the names that the folder's
/// model.safetensors.index.json has. What the numbers are does not change what loading and running them costs.
/// </summary>
internal static class RandomCheckpoint
{
    /// <summary>Writes the shards beside config.json and the index, where they are not there yet.</summary>
    public static void Write(string folder)
    {
        var config = GptNeoXConfig.Load(folder);
        var shapes = Shapes(config);
        using var index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "model.safetensors.index.json")));
        var shards = index.RootElement.GetProperty("weight_map").EnumerateObject().GroupBy(pair => pair.Value.GetString()!, pair => pair.Name);
        foreach (var shard in shards.Where(shard => !File.Exists(Path.Combine(folder, shard.Key))))
        {
            Console.WriteLine($"Writing {shard.Key}");
            WriteShard(Path.Combine(folder, shard.Key), [.. shard.Select(name => (name, shapes[name]))]);
        }
    }

    private static void WriteShard(string path, IReadOnlyList<(string Name, long[] Shape)> tensors)
    {
        var header = new Dictionary<string, object> { ["__metadata__"] = new Dictionary<string, string> { ["format"] = "pt" } };
        var end = 0L;
        foreach (var (name, shape) in tensors)
        {
            var begin = end;
            end += Count(shape) * sizeof(float);
            header.Add(name, new { dtype = "F32", shape, data_offsets = (long[])[begin, end] });
        }
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        Array.Resize(ref json, (json.Length + 7) / 8 * 8);
        json.AsSpan(json.AsSpan().IndexOf((byte)0) is >= 0 and var at ? at : json.Length).Fill((byte)' ');
        var random = new Random(1);
        var noise = new float[1 << 20];
        for (var i = 0; i < noise.Length; i++)
        {
            noise[i] = (float)(0.02 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble()));
        }
        var ones = new float[1 << 13];
        ones.AsSpan().Fill(1);
        var partial = path + ".part";
        using (var file = File.Create(partial))
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
            file.Write(length);
            file.Write(json);
            foreach (var (name, shape) in tensors)
            {
                var isNorm = name.EndsWith("norm.weight", StringComparison.Ordinal);
                for (var left = Count(shape); left > 0;)
                {
                    // From another place each time, so that no two rows are the same.
                    var source = isNorm ? ones : noise.AsSpan(random.Next(noise.Length / 2));
                    var piece = source[..(int)Math.Min(left, source.Length)];
                    file.Write(MemoryMarshal.AsBytes(piece));
                    left -= piece.Length;
                }
            }
        }
        File.Move(partial, path);
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

    private static Dictionary<string, long[]> Shapes(GptNeoXConfig config)
    {
        long hidden = config.HiddenSize, inner = config.IntermediateSize;
        var shapes = new Dictionary<string, long[]>
        {
            ["embed_out.weight"] = [config.VocabSize, hidden],
            ["gpt_neox.embed_in.weight"] = [config.VocabSize, hidden],
            ["gpt_neox.final_layer_norm.weight"] = [hidden],
            ["gpt_neox.final_layer_norm.bias"] = [hidden],
        };
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var prefix = $"gpt_neox.layers.{layer}.";
            Add("attention.query_key_value", 3 * hidden, hidden);
            Add("attention.dense", hidden, hidden);
            Add("mlp.dense_h_to_4h", inner, hidden);
            Add("mlp.dense_4h_to_h", hidden, inner);
            foreach (var norm in (string[])["input_layernorm", "post_attention_layernorm"])
            {
                shapes[$"{prefix}{norm}.weight"] = [hidden];
                shapes[$"{prefix}{norm}.bias"] = [hidden];
            }

            void Add(string name, long rows, long columns)
            {
                shapes[$"{prefix}{name}.weight"] = [rows, columns];
                shapes[$"{prefix}{name}.bias"] = [rows];
            }
        }
        return shapes;
    }
}
