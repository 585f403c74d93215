using System.Text.Json.Nodes;
using Kl3m.Inference.Weights;

namespace Kl3m.Inference.Tests.Weights;

/// <summary>Model folders come from strangers: each of these ends in an error that names file and field, and in nothing else.</summary>
public sealed class HostileFileTests
{
    private const string Dense = "gpt_neox.layers.0.attention.dense.weight";
    private const string Index = "model.safetensors.index.json";

    private static readonly Dictionary<string, (string File, string Field, Action<TinyModel> Break)> Cases = new()
    {
        // config.json
        ["no config"] = ("config.json", "file", model => File.Delete(Path.Combine(model.Folder, "config.json"))),
        ["config is a folder"] = ("config.json", "file", model =>
        {
            File.Delete(Path.Combine(model.Folder, "config.json"));
            Directory.CreateDirectory(Path.Combine(model.Folder, "config.json"));
        }),
        ["empty config"] = ("config.json", "text", model => model.WriteConfig("")),
        ["config cut short"] = ("config.json", "text", model => model.WriteConfig(model.Config.ToJsonString()[..^4])),
        ["config is a list"] = ("config.json", "text", model => model.WriteConfig("[1]")),
        ["config is not UTF-8"] = ("config.json", "text", model => File.WriteAllBytes(Path.Combine(model.Folder, "config.json"), [(byte)'{', 0xff, (byte)'}'])),
        ["config nested a thousand deep"] = ("config.json", "text", model => model.WriteConfig(new string('[', 1000) + new string(']', 1000))),
        ["config with a lone surrogate"] = ("config.json", "text", model => model.WriteConfig("{\"hidden_act\":\"\\ud800\"}")),
        ["config with a field twice"] = ("config.json", "text", model => model.WriteConfig("{\"model_type\":\"gpt_neox\",\"model_type\":\"gpt_neox\"}")),
        ["config of 5 MB"] = ("config.json", "length", model => File.WriteAllBytes(Path.Combine(model.Folder, "config.json"), new byte[5 << 20])),
        ["no model type"] = Config("model_type", model => model.Remove("model_type")),
        ["another architecture"] = Config("model_type", config => config["model_type"] = "llama"),
        ["vocabulary of 0"] = Config("vocab_size", config => config["vocab_size"] = 0),
        ["negative size"] = Config("hidden_size", config => config["hidden_size"] = -8),
        ["size as text"] = Config("hidden_size", config => config["hidden_size"] = "8"),
        ["size as a fraction"] = Config("hidden_size", config => config["hidden_size"] = 8.5),
        ["size above 32 bits"] = Config("intermediate_size", config => config["intermediate_size"] = 1L << 40),
        ["size null"] = Config("num_hidden_layers", config => config["num_hidden_layers"] = null),
        ["2^31 layers"] = Config("num_hidden_layers", config => config["num_hidden_layers"] = int.MaxValue),
        ["more layers than weights"] = ("model.safetensors", "gpt_neox.layers.1.input_layernorm.weight", Rewrite(model => model.Config["num_hidden_layers"] = 16000)),
        ["heads that do not divide"] = Config("num_attention_heads", config => config["num_attention_heads"] = 3),
        ["odd number of rotated dimensions"] = Config("rotary_pct", config => config["rotary_pct"] = 0.25),
        ["more than all dimensions rotated"] = Config("rotary_pct", config => config["rotary_pct"] = 1.5),
        ["rotary base of 0"] = Config("rotary_emb_base", config => config["rotary_emb_base"] = 0),
        ["rope scaling"] = Config("rope_scaling", config => config["rope_scaling"] = new JsonObject { ["type"] = "linear", ["factor"] = 2.0 }),
        ["rope scaling under its newer name"] = Config("rope_parameters", config => config["rope_parameters"] = new JsonObject { ["rope_type"] = "yarn" }),
        ["rope scaling that is a number"] = Config("rope_scaling", config => config["rope_scaling"] = 2),
        ["quantized weights"] = Config("quantization_config", config => config["quantization_config"] = new JsonObject { ["bits"] = 4 }),
        ["heads of another size"] = Config("head_dim", config => config["head_dim"] = 16),
        ["unknown activation"] = Config("hidden_act", config => config["hidden_act"] = "swiglu"),
        ["epsilon as text"] = Config("layer_norm_eps", config => config["layer_norm_eps"] = "1e-5"),
        ["negative epsilon"] = Config("layer_norm_eps", config => config["layer_norm_eps"] = -1),
        ["flag as a number"] = Config("use_parallel_residual", config => config["use_parallel_residual"] = 1),
        ["end token outside the vocabulary"] = Config("eos_token_id", config => config["eos_token_id"] = 12),
        ["end token as text"] = Config("eos_token_id", config => config["eos_token_id"] = new JsonArray(1, "2")),
        ["generation config with a negative end token"] = ("generation_config.json", "eos_token_id", model => File.WriteAllText(Path.Combine(model.Folder, "generation_config.json"), "{\"eos_token_id\":-1}")),

        // model.safetensors: lengths and text
        ["no weights"] = ("model.safetensors", "file", model => File.Delete(model.WeightsPath)),
        ["weights only as a pickle"] = ("pytorch_model.bin", "file", model => File.Move(model.WeightsPath, Path.Combine(model.Folder, "pytorch_model.bin"))),
        ["weights only as sharded pickles"] = ("pytorch_model-00001-of-00002.bin", "file", model => File.Move(model.WeightsPath, Path.Combine(model.Folder, "pytorch_model-00001-of-00002.bin"))),
        ["empty file"] = ("model.safetensors", "length", model => File.WriteAllBytes(model.WeightsPath, [])),
        ["seven bytes"] = ("model.safetensors", "length", model => File.WriteAllBytes(model.WeightsPath, new byte[7])),
        ["header of 0 bytes"] = ("model.safetensors", "header", model => model.WriteWeights([])),
        ["header longer than the file"] = ("model.safetensors", "header length", model => model.WriteWeights("{}"u8.ToArray(), headerLength: 1 << 20)),
        ["header of 2^63 bytes"] = ("model.safetensors", "header length", model => model.WriteWeights("{}"u8.ToArray(), headerLength: 1UL << 63)),
        ["header of 2^64 - 1 bytes"] = ("model.safetensors", "header length", model => model.WriteWeights("{}"u8.ToArray(), headerLength: ulong.MaxValue)),
        ["header above the format's limit"] = ("model.safetensors", "header length", model => model.WriteWeights(new byte[100_000_001])),
        ["header that is no JSON"] = ("model.safetensors", "text", model => model.WriteWeights("{not json}")),
        ["header that begins with a blank"] = ("model.safetensors", "header", model => model.WriteWeights(" " + model.Header.ToJsonString())),
        ["header that is not UTF-8"] = ("model.safetensors", "text", model => model.WriteWeights([(byte)'{', 0xc3, (byte)'}'])),
        ["tensor named twice"] = ("model.safetensors", "text", model => model.WriteWeights(model.Header.ToJsonString().Replace("embed_out.weight", Dense, StringComparison.Ordinal))),
        ["tensor with a lone surrogate in its name"] = ("model.safetensors", "text", model => model.WriteWeights("{\"\\udc00\":{}}")),
        ["metadata that is a list"] = Header("__metadata__", model => model.Header["__metadata__"] = new JsonArray(1)),
        ["metadata that is not text"] = Header("format", model => model.Header["__metadata__"] = new JsonObject { ["format"] = 1 }),
        ["file cut short"] = ("model.safetensors", "embed_out.weight", model => File.WriteAllBytes(model.WeightsPath, File.ReadAllBytes(model.WeightsPath)[..^1])),
        ["file with bytes to spare"] = Header("header", model => model.Data.Add(0)),

        // model.safetensors: entries
        ["entry that is a number"] = Header(Dense, model => model.Header[Dense] = 1),
        ["entry without a type"] = Header(Dense, model => model.Tensor(Dense).Remove("dtype")),
        ["unknown type"] = Header(Dense, model => model.Tensor(Dense)["dtype"] = "F33"),
        ["type that is a number"] = Header(Dense, model => model.Tensor(Dense)["dtype"] = 32),
        ["type that cannot be a weight"] = Header(Dense, model => model.Tensor(Dense)["dtype"] = "I32"),
        ["entry without a shape"] = Header(Dense, model => model.Tensor(Dense).Remove("shape")),
        ["negative dimension"] = Header(Dense, model => model.Tensor(Dense)["shape"] = new JsonArray(-8, -8)),
        ["fractional dimension"] = Header(Dense, model => model.Tensor(Dense)["shape"] = new JsonArray(8.0, 8.5)),
        ["dimension above 64 bits"] = Header(Dense, model => model.Tensor(Dense)["shape"] = JsonNode.Parse("[99999999999999999999]")),
        ["bits that wrap to the right size"] = Header(Dense, model => model.Tensor(Dense)["shape"] = new JsonArray((1L << 59) + 64)),
        ["product that wraps to the right size"] = Header(Dense, model => model.Tensor(Dense)["shape"] = new JsonArray(64, 1L << 32, 1L << 32)),
        ["product that wraps to 0"] = Header(Dense, model => model.Tensor(Dense)["shape"] = new JsonArray(1L << 32, 1L << 32)),
        ["a hundred dimensions"] = Header(Dense, model => model.Tensor(Dense)["shape"] = new JsonArray([.. Enumerable.Repeat(1, 100).Select(one => (JsonNode)one)])),
        ["shape of another size"] = Header(Dense, model => model.Tensor(Dense)["shape"] = new JsonArray(8, 9)),
        ["shape with a 0"] = Header(Dense, model => model.Tensor(Dense)["shape"] = new JsonArray(0, 8)),
        ["shape turned"] = Header("gpt_neox.layers.0.mlp.dense_h_to_4h.weight", model => model.Tensor("gpt_neox.layers.0.mlp.dense_h_to_4h.weight")["shape"] = new JsonArray(8, 16)),
        ["entry without offsets"] = Header(Dense, model => model.Tensor(Dense).Remove("data_offsets")),
        ["three offsets"] = Header(Dense, model => model.Tensor(Dense)["data_offsets"] = new JsonArray(0, 1, 2)),
        ["one offset"] = Header(Dense, model => model.Tensor(Dense)["data_offsets"] = new JsonArray(0)),
        ["negative offset"] = Header(Dense, model => model.Tensor(Dense)["data_offsets"] = new JsonArray(-256, 0)),
        ["offsets that descend"] = Header(Dense, model => model.Tensor(Dense)["data_offsets"] = new JsonArray(256, 0)),
        ["offsets behind the end"] = Header(Dense, model => model.Tensor(Dense)["data_offsets"] = new JsonArray(1 << 20, (1 << 20) + 256)),
        ["offset above 63 bits"] = Header(Dense, model => model.Tensor(Dense)["data_offsets"] = JsonNode.Parse("[0, 18446744073709551615]")),
        ["two tensors on the same bytes"] = Header("embed_out.weight", model => model.Tensor("embed_out.weight")["data_offsets"] = new JsonArray(0, 384)),
        ["a gap between tensors"] = Header("extra", model =>
        {
            model.Data.AddRange(new byte[4]);
            model.Add("extra", "F32", 1);
        }),

        // What the model needs and what the files hold
        ["missing weight"] = Header("embed_out.weight", model =>
        {
            model.Header.Remove("embed_out.weight");
            model.Data.RemoveRange(model.Data.Count - 384, 384);
        }),
        ["weight that nobody asks for"] = Header("gpt_neox.layers.1.attention.dense.weight", model => model.Add("gpt_neox.layers.1.attention.dense.weight", "F32", 8, 8)),
        ["weight with almost a legacy name"] = Header("gpt_neox.layers.0.attention.bias.weight", model => model.Add("gpt_neox.layers.0.attention.bias.weight", "F32", 1)),
        ["head in the file of a tied model"] = ("model.safetensors", "embed_out.weight", Rewrite(model => model.Config["tie_word_embeddings"] = true)),

        // model.safetensors.index.json
        ["index without a map"] = (Index, "weight_map", Sharded((_, index) => index.Remove("weight_map"))),
        ["index with an empty map"] = (Index, "weight_map", Sharded((_, index) => index["weight_map"] = new JsonObject())),
        ["index with a map that is a list"] = (Index, "weight_map", Sharded((_, index) => index["weight_map"] = new JsonArray())),
        ["index that names a number"] = (Index, Dense, Sharded((_, index) => index["weight_map"]![Dense] = 1)),
        ["index that leads out of the folder"] = (Index, Dense, Sharded((_, index) => index["weight_map"]![Dense] = "../other/model.safetensors")),
        ["index with an absolute path"] = (Index, Dense, Sharded((_, index) => index["weight_map"]![Dense] = "/etc/passwd.safetensors")),
        ["index with a backslash"] = (Index, Dense, Sharded((_, index) => index["weight_map"]![Dense] = "..\\model.safetensors")),
        ["index with a newline"] = (Index, Dense, Sharded((_, index) => index["weight_map"]![Dense] = "shard.safetensors\n")),
        ["index that names a pickle"] = (Index, Dense, Sharded((_, index) => index["weight_map"]![Dense] = "pytorch_model.bin")),
        ["index that names a missing shard"] = ("shard-3.safetensors", "file", Sharded((_, index) => index["weight_map"]![Dense] = "shard-3.safetensors")),
        ["index that names the wrong shard"] = (Index, Dense, Sharded((model, index) =>
        {
            index["weight_map"]![Dense] = "other.safetensors";
            WriteOther(model, "other");
        })),
        ["index that leaves a tensor out"] = ("shard.safetensors", Dense, Sharded((_, index) => index["weight_map"]!.AsObject().Remove(Dense))),
        ["index that names a tensor of no shard"] = (Index, "ghost", Sharded((_, index) => index["weight_map"]!["ghost"] = "shard.safetensors")),
        ["tensor in two shards"] = ("shard.safetensors", Dense, Sharded((model, index) =>
        {
            index["weight_map"]!["other"] = "other.safetensors";
            WriteOther(model, Dense);
        })),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Fact]
    public void The_model_that_the_cases_break_loads_whole()
    {
        using var model = new TinyModel();
        model.Write();
        model.Load();
        Sharded((_, _) => { })(model);
        model.Load();
    }

    [Theory, MemberData(nameof(Names))]
    public void A_hostile_folder_is_refused_by_file_and_field(string name)
    {
        using var model = new TinyModel();
        model.Write();
        var (file, field, breakIt) = Cases[name];
        breakIt(model);

        var error = Assert.Throws<ModelFileException>(model.Load);

        Assert.Equal((file, field), (error.File, error.Field));
        Assert.StartsWith($"{file}: {field}: ", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 20, 800);
    }

    /// <summary>Before anyone asks for a tensor, so that no size of one is trusted.</summary>
    [Theory]
    [InlineData("bits that wrap to the right size")]
    [InlineData("product that wraps to the right size")]
    [InlineData("product that wraps to 0")]
    [InlineData("shape of another size")]
    [InlineData("a gap between tensors")]
    [InlineData("two tensors on the same bytes")]
    [InlineData("offsets behind the end")]
    [InlineData("file with bytes to spare")]
    public void A_broken_layout_is_seen_when_the_file_is_opened(string name)
    {
        using var model = new TinyModel();
        model.Write();
        Cases[name].Break(model);
        Assert.Equal(Cases[name].Field, Assert.Throws<ModelFileException>(() => SafetensorsFile.Open(model.WeightsPath)).Field);
    }

    [Fact]
    public void Buffers_of_old_checkpoints_are_no_weights_and_may_be_of_any_type()
    {
        using var model = new TinyModel();
        foreach (var buffer in (string[])["bias", "masked_bias", "rotary_emb.inv_freq"])
        {
            model.Add($"gpt_neox.layers.0.attention.{buffer}", "U32", 2);
        }
        model.Write();
        model.Load();
    }

    private static (string, string, Action<TinyModel>) Config(string field, Action<JsonObject> change) =>
        ("config.json", field, Rewrite(model => change(model.Config)));

    private static (string, string, Action<TinyModel>) Header(string field, Action<TinyModel> change) => ("model.safetensors", field, Rewrite(change));

    private static Action<TinyModel> Rewrite(Action<TinyModel> change) => model =>
    {
        change(model);
        model.Write();
    };

    private static Action<TinyModel> Sharded(Action<TinyModel, JsonObject> change) => model =>
    {
        File.Move(model.WeightsPath, Path.Combine(model.Folder, "shard.safetensors"));
        var map = new JsonObject(model.Header.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)"shard.safetensors")));
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 1 }, ["weight_map"] = map };
        change(model, index);
        File.WriteAllText(Path.Combine(model.Folder, Index), index.ToJsonString());
    };

    private static void WriteOther(TinyModel model, string tensor)
    {
        using var other = new TinyModel();
        other.Header.Clear();
        other.Data.Clear();
        other.Add(tensor, "F32", 1);
        other.Write();
        File.Copy(other.WeightsPath, Path.Combine(model.Folder, "other.safetensors"));
    }
}
