using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Kl3m.Inference.Models;
using Kl3m.Inference.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Weights;

/// <summary>A model folder of a few kilobytes, in parts that a test can break before it is written.</summary>
internal sealed class TinyModel : IDisposable
{
    public TinyModel()
    {
        foreach (var (name, shape) in Shapes())
        {
            Add(name, "F32", shape);
        }
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("kl3m-").FullName;

    public JsonObject Config { get; } = new()
    {
        ["model_type"] = "gpt_neox", ["vocab_size"] = 12, ["hidden_size"] = 8, ["num_hidden_layers"] = 1, ["num_attention_heads"] = 2,
        ["intermediate_size"] = 16, ["max_position_embeddings"] = 32, ["rotary_pct"] = 0.5,
    };

    public JsonObject Header { get; } = [];

    /// <summary>Every float is 0.01: what counts here is where they lie.</summary>
    public List<byte> Data { get; } = [];

    public string WeightsPath => Path.Combine(Folder, "model.safetensors");

    public JsonObject Tensor(string name) => Header[name]!.AsObject();

    public void Add(string name, string dtype, params long[] shape)
    {
        var floats = shape.Aggregate(1L, (product, dimension) => product * dimension);
        Header[name] = new JsonObject
        {
            ["dtype"] = dtype,
            ["shape"] = new JsonArray([.. shape.Select(dimension => (JsonNode)dimension)]),
            ["data_offsets"] = new JsonArray(Data.Count, Data.Count + floats * 4),
        };
        for (var i = 0; i < floats; i++)
        {
            Data.AddRange(BitConverter.GetBytes(0.01f));
        }
    }

    public void Write()
    {
        WriteConfig(Config.ToJsonString());
        WriteWeights(Header.ToJsonString());
    }

    public void WriteConfig(string json) => File.WriteAllText(Path.Combine(Folder, "config.json"), json);

    public void WriteWeights(string header, string fileName = "model.safetensors") => WriteWeights(Encoding.UTF8.GetBytes(header), fileName);

    public void WriteWeights(byte[] header, string fileName = "model.safetensors", ulong? headerLength = null)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, headerLength ?? (ulong)header.Length);
        File.WriteAllBytes(Path.Combine(Folder, fileName), [.. length, .. header, .. Data]);
    }

    /// <summary>The whole way that the app goes; returns only when every weight was taken.</summary>
    public void Load()
    {
        using var checkpoint = Checkpoint.Open(Folder);
        using var model = new GptNeoXModel(GptNeoXConfig.Load(Folder), (name, shape) => checkpoint.Take(name, shape, ScalarType.Float32, CPU));
        checkpoint.EnsureAllTaken();
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static IEnumerable<(string Name, long[] Shape)> Shapes()
    {
        yield return ("gpt_neox.embed_in.weight", [12, 8]);
        foreach (var norm in (string[])["layers.0.input_layernorm", "layers.0.post_attention_layernorm", "final_layer_norm"])
        {
            yield return ($"gpt_neox.{norm}.weight", [8]);
            yield return ($"gpt_neox.{norm}.bias", [8]);
        }
        foreach (var (linear, output, input) in ((string, long, long)[])[("attention.query_key_value", 24, 8), ("attention.dense", 8, 8), ("mlp.dense_h_to_4h", 16, 8), ("mlp.dense_4h_to_h", 8, 16)])
        {
            yield return ($"gpt_neox.layers.0.{linear}.weight", [output, input]);
            yield return ($"gpt_neox.layers.0.{linear}.bias", [output]);
        }
        yield return ("embed_out.weight", [12, 8]);
    }
}
