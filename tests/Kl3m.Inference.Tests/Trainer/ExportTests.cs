using System.Text.Json;
using System.Xml.Linq;
using Kl3m.Inference.Models;
using Kl3m.Inference.Weights;
using Kl3m.Trainer;
using Kl3m.Trainer.Data;
using Kl3m.Trainer.Evaluation;
using Kl3m.Trainer.Export;
using Kl3m.Trainer.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Trainer;

public sealed class ExportTests
{
    [Fact]
    public void The_folder_is_a_standard_GptNeoX_folder_in_bf16_with_nothing_missing_and_nothing_extra()
    {
        using var run = Exported(out var folder);
        using var file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        Assert.Equal(StandardShapes(TinyRun.Config).OrderBy(pair => pair.Key), file.Tensors.ToDictionary(t => t.Key, t => string.Join(',', t.Value.Shape)).OrderBy(pair => pair.Key));
        Assert.All(file.Tensors.Values, entry => Assert.Equal("BF16", entry.Dtype));

        var config = GptNeoXConfig.Load(folder);
        Assert.Equal(TinyRun.Config with { EosTokenIds = config.EosTokenIds }, config);
        Assert.Equal([1], config.EosTokenIds);
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
        Assert.Equal("gpt_neox", json.RootElement.GetProperty("model_type").GetString());
        Assert.Equal("GPTNeoXForCausalLM", json.RootElement.GetProperty("architectures")[0].GetString());
        Assert.Equal("bfloat16", json.RootElement.GetProperty("torch_dtype").GetString());
        Assert.Equal(["README.md", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "training-curve.svg"],
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_was_trained_is_what_is_exported_rounded_to_bf16()
    {
        using var run = Exported(out var folder);
        using var stored = RunState.OpenWeights(RunState.Newest(run.Folder)!);
        using var exported = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors"));
        foreach (var name in stored.Tensors.Keys)
        {
            using var weight = stored.Read(name, ScalarType.Float32, CPU);
            using var rounded = exported.Read(name, ScalarType.Float32, CPU);
            Assert.True(weight.allclose(rounded, 1.0 / 256, 0), name);
        }
    }

    [Fact]
    public void Every_token_is_scored_once_with_as_much_context_as_promised()
    {
        for (var length = 2; length < 40; length++)
        {
            var windows = Evaluator.Windows([.. Enumerable.Range(0, length).Select(i => (long)i)], context: 8, stride: 3).ToList();
            Assert.Equal(Enumerable.Range(1, length - 1).Select(i => (long)i), windows.SelectMany(window => window.Ids.TakeLast(window.Scored)));
            Assert.All(windows, window => Assert.InRange(window.Ids.Length, 2, 8));
            Assert.All(windows.Skip(1), window => Assert.True(window.Ids.Length - window.Scored >= 8 - 3));
        }
    }

    [Fact]
    public void A_model_that_knows_nothing_needs_the_logarithm_of_the_vocabulary_for_each_token()
    {
        using var run = Exported(out var folder);
        using (var model = Evaluator.Load(folder, ScalarType.Float32))
        {
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), model.Parameters.Select(pair => (pair.Name, pair.Name == "embed_out.weight" ? zeros_like(pair.Parameter) : pair.Parameter)));
        }
        var text = Path.Combine(folder, "kind.txt");
        File.WriteAllText(text, string.Concat(Enumerable.Repeat("hello world (a) ", 20)) + "\n<|end|>\nhéllo\n<|end|>\n");
        var scores = EvaluateCommand.Scores(folder, CorpusFile.In(folder), stride: 16, threads: 2);
        Assert.Equal(["kind", "overall"], scores.Select(score => score.Kind));
        Assert.All(scores, score =>
        {
            Assert.Equal(TinyRun.Config.VocabSize, score.Perplexity, 0.1);
            Assert.Equal(new FileInfo(text).Length - "\n<|end|>\n".Length * 2, score.Bytes);
            Assert.Equal(score.Tokens * Math.Log2(TinyRun.Config.VocabSize) / score.Bytes, score.BitsPerByte, 1e-3);
        });
    }

    [Fact]
    public void The_curve_is_an_svg_and_the_card_has_front_matter_and_commands()
    {
        using var run = Exported(out var folder);
        Assert.Equal("svg", XDocument.Load(Path.Combine(folder, "training-curve.svg")).Root!.Name.LocalName);
        var card = File.ReadAllText(Path.Combine(folder, "README.md"));
        Assert.StartsWith("---\n", card, StringComparison.Ordinal);
        Assert.Contains("--steps 24 --decay-steps 8", card, StringComparison.Ordinal);
        Assert.Contains("The Atticus Project", card, StringComparison.Ordinal);
        Assert.Contains("Common Paper", card, StringComparison.Ordinal);
    }

    private static TinyRun Exported(out string folder)
    {
        var run = new TinyRun();
        run.Train();
        folder = Path.Combine(run.Folder, "export");
        ExportCommand.Run(new Arguments([run.Folder, folder]));
        return run;
    }

    /// <summary>Names and shapes as transformers' GPTNeoXForCausalLM has them, written out apart from the model's code.</summary>
    private static Dictionary<string, string> StandardShapes(GptNeoXConfig c)
    {
        var (h, inner) = (c.HiddenSize, c.IntermediateSize);
        var shapes = new Dictionary<string, string>
        {
            ["gpt_neox.embed_in.weight"] = $"{c.VocabSize},{h}",
            ["gpt_neox.final_layer_norm.weight"] = $"{h}",
            ["gpt_neox.final_layer_norm.bias"] = $"{h}",
            ["embed_out.weight"] = $"{c.VocabSize},{h}",
        };
        for (var i = 0; i < c.NumHiddenLayers; i++)
        {
            foreach (var (name, shape) in ((string, string)[])
            [
                ("input_layernorm.weight", $"{h}"), ("input_layernorm.bias", $"{h}"), ("post_attention_layernorm.weight", $"{h}"), ("post_attention_layernorm.bias", $"{h}"),
                ("attention.query_key_value.weight", $"{3 * h},{h}"), ("attention.query_key_value.bias", $"{3 * h}"), ("attention.dense.weight", $"{h},{h}"), ("attention.dense.bias", $"{h}"),
                ("mlp.dense_h_to_4h.weight", $"{inner},{h}"), ("mlp.dense_h_to_4h.bias", $"{inner}"), ("mlp.dense_4h_to_h.weight", $"{h},{inner}"), ("mlp.dense_4h_to_h.bias", $"{h}"),
            ])
            {
                shapes.Add($"gpt_neox.layers.{i}.{name}", shape);
            }
        }
        return shapes;
    }
}
