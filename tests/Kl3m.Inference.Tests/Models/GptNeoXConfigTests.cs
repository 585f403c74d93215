using System.Text;
using Kl3m.Inference.Models;
using Kl3m.Inference.Tests.Weights;
using Kl3m.Inference.Weights;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Models;

public sealed class GptNeoXConfigTests
{
    [Fact]
    public void What_config_json_leaves_out_is_as_in_transformers()
    {
        var config = Read("""{"model_type":"gpt_neox"}""");
        Assert.Equal((50432, 6144, 44, 64, 24576), (config.VocabSize, config.HiddenSize, config.NumHiddenLayers, config.NumAttentionHeads, config.IntermediateSize));
        Assert.Equal((0.25, 10000, 1e-5, 2048), (config.RotaryPct, config.RotaryEmbBase, config.LayerNormEps, config.MaxPositionEmbeddings));
        Assert.Equal(("gelu", true, true, false), (config.HiddenAct, config.AttentionBias, config.UseParallelResidual, config.TieWordEmbeddings));
        Assert.Equal((0, null), (config.BosTokenId, config.PadTokenId));
        Assert.Equal([2], config.EosTokenIds);
    }

    [Theory]
    [InlineData("kl3m-003-1.7b", 2048, 32, 8192, 8192, 1_745_686_528, new int[0])]
    [InlineData("kl3m-002-170m", 1024, 16, 1024, 4096, 167_938_048, new[] { 1 })]
    public void The_published_models_are_read(string name, int hidden, int layers, int inner, int context, long parameters, int[] end)
    {
        var config = GptNeoXConfig.Load(SharedFolder.Require($"models/{name}"));
        Assert.Equal((hidden, layers, inner, context), (config.HiddenSize, config.NumHiddenLayers, config.IntermediateSize, config.MaxPositionEmbeddings));
        Assert.Equal(parameters, config.ParameterCount);
        Assert.Equal((64, 16), (config.HeadDim, config.RotaryDims));
        Assert.Equal(end, config.EosTokenIds);
    }

    [Theory]
    [InlineData("", "", new[] { 2 })]
    [InlineData(",\"eos_token_id\":null", "", new int[0])]
    [InlineData(",\"eos_token_id\":5", "", new[] { 5 })]
    [InlineData(",\"eos_token_id\":[5,7,5]", "", new[] { 5, 7 })]
    [InlineData(",\"eos_token_id\":5", "{}", new[] { 5 })]
    [InlineData(",\"eos_token_id\":5", "{\"eos_token_id\":[1,2]}", new[] { 1, 2 })]
    [InlineData(",\"eos_token_id\":5", "{\"eos_token_id\":null}", new int[0])]
    public void End_tokens_are_those_of_the_generation_config_where_it_names_them(string field, string generation, int[] expected)
    {
        using var model = new TinyModel();
        model.WriteConfig($"{{\"model_type\":\"gpt_neox\"{field}}}");
        if (generation != "")
        {
            File.WriteAllText(Path.Combine(model.Folder, "generation_config.json"), generation);
        }
        Assert.Equal(expected, GptNeoXConfig.Load(model.Folder).EosTokenIds);
    }

    [Theory]
    [InlineData("\"rotary_pct\":0.5,\"partial_rotary_factor\":1.0,\"rotary_emb_base\":50,\"rope_theta\":60", 0.5, 50)]
    [InlineData("\"partial_rotary_factor\":1.0,\"rope_theta\":60", 1.0, 60)]
    [InlineData("\"rope_parameters\":{\"rope_type\":\"default\",\"partial_rotary_factor\":1.0,\"rope_theta\":60}", 1.0, 60)]
    [InlineData("\"rope_scaling\":{\"rope_type\":\"default\"}", 0.25, 10000)]
    public void Rotary_fields_have_older_and_newer_names_and_the_older_win(string fields, double share, double rotaryBase)
    {
        var config = Read($"{{\"model_type\":\"gpt_neox\",{fields}}}");
        Assert.Equal((share, rotaryBase), (config.RotaryPct, config.RotaryEmbBase));
    }

    [Fact]
    public void Fields_that_mean_nothing_to_gpt_neox_are_ignored()
    {
        var config = Read("""{"model_type":"gpt_neox","num_key_value_heads":2,"rms_norm_eps":"x","use_cache":7,"torch_dtype":"float16","eggs":[{}],"quantization_config":null}""");
        Assert.Equal(new GptNeoXConfig() with { EosTokenIds = config.EosTokenIds }, config);
    }

    private static GptNeoXConfig Read(string json) => GptNeoXConfig.Read(JsonFields.Parse("config.json", Encoding.UTF8.GetBytes(json)));
}
