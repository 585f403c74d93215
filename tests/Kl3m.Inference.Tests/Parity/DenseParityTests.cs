using Kl3m.Inference.Models;
using Kl3m.Inference.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Parity;

/// <summary>The path that trains and scores whole texts, against transformers.</summary>
public sealed class DenseParityTests
{
    public static TheoryData<string> Names => NeoxGolden.Names;

    [Theory, MemberData(nameof(Names))]
    public void Logits_are_those_of_transformers(string name)
    {
        using var model = Load(name);
        foreach (var golden in NeoxGolden.Forward(name))
        {
            var logits = Logits(model, golden.InputIds);
            Scores.Close(golden.LastLogits, logits[^1], 2e-4f);
            for (var row = 0; row < golden.AllLogits?.Length; row++)
            {
                Scores.Close(golden.AllLogits[row], logits[row], 2e-4f);
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Logprobs_and_the_best_five_are_those_of_transformers(string name)
    {
        using var model = Load(name);
        foreach (var golden in NeoxGolden.Forward(name))
        {
            var logprobs = Logits(model, golden.InputIds).Select(row => Scores.LogSoftmax(row)).ToArray();
            for (var i = 0; i < golden.InputIds.Length; i++)
            {
                if (i + 1 < golden.InputIds.Length)
                {
                    Assert.Equal(golden.NextTokenLogprob[i], logprobs[i][golden.InputIds[i + 1]], 2e-4);
                }
                var best = Enumerable.Range(0, logprobs[i].Length).OrderByDescending(id => logprobs[i][id]).Take(5).ToArray();
                Assert.All(golden.Top5Logprobs[i].Zip(best), pair => Assert.Equal(pair.First, logprobs[i][pair.Second], 2e-4));
                if (golden.Top5MinGap[i] > 1e-3)
                {
                    Assert.Equal(golden.Top5Ids[i], best);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Every_hidden_point_is_that_of_transformers(string name)
    {
        using var model = Load(name);
        var golden = NeoxGolden.Hidden(name);
        var seen = new Dictionary<string, (float[] Values, int Width)>();
        model.Observe = (point, value) => seen.Add(point, (value.data<float>().ToArray(), (int)value.shape[^1]));
        Logits(model, golden.InputIds);

        Assert.Equal(golden.Points.Select(point => point.Name).Order(), seen.Keys.Order());
        foreach (var point in golden.Points)
        {
            var (values, width) = seen[point.Name];
            Assert.Equal((values.Length / width, width), (point.Shape[0], point.Shape[1]));
            var mean = values.Average(value => (double)value);
            Near(point.Mean, mean);
            Near(point.Std, Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
            foreach (var (expected, actual) in point.First4Pos0.Concat(point.First4Last).Zip(values[..4].Concat(values[^width..^(width - 4)])))
            {
                Near(expected, actual);
            }
        }

        static void Near(double expected, double actual) => Assert.Equal(expected, actual, 1e-4 + 1e-5 * Math.Abs(expected));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_sequence_in_a_dense_batch_scores_as_it_does_alone(string name)
    {
        using var noGrad = no_grad();
        using var model = Load(name);
        var texts = NeoxGolden.Forward(name).Where(golden => golden.InputIds.Length >= 33).Select(golden => golden.InputIds[..33]).ToArray();
        using var ids = tensor(texts.SelectMany(text => text).Select(id => (long)id).ToArray(), [texts.Length, 33]);
        using var logits = model.Forward(ids);
        var batch = logits.data<float>().ToArray().Chunk(33 * model.Config.VocabSize).ToArray();
        Assert.All(texts.Zip(batch), pair => Scores.Close([.. Logits(model, pair.First).SelectMany(row => row)], pair.Second, 2e-5f));
    }

    /// <summary>The attention itself, from the projections and the rotary table: which key the last query looks at, head by head.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Attention_probabilities_are_those_of_transformers(string name)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Load(name);
        var golden = NeoxGolden.Hidden(name);
        var (tokens, heads, dim) = (golden.InputIds.Length, model.Config.NumAttentionHeads, model.Config.HeadDim);
        Tensor? qkv = null;
        model.Observe = (point, value) => qkv = point == "layer0.qkv" ? value.clone() : qkv;
        Logits(model, golden.InputIds);

        var turned = model.Rotary.Apply(qkv!.view(tokens, heads, 3, dim), model.Rotary.Range(0, tokens), ScalarType.Float32);
        var (query, keys) = (turned[^1, .., 0], turned[.., .., 1]);
        var probabilities = ((query * keys).sum(-1) / Math.Sqrt(dim)).softmax(0).transpose(0, 1).contiguous().data<float>().ToArray();
        Scores.Close([.. golden.AttentionProbsLayer0LastQuery.SelectMany(row => row)], probabilities, 1e-4f);
    }

    internal static GptNeoXModel Load(string name)
    {
        using var noGrad = no_grad();
        set_num_threads(1); // models this small: two threads would only wait for each other
        var folder = NeoxGolden.Folder(name);
        using var checkpoint = Checkpoint.Open(folder);
        var model = new GptNeoXModel(GptNeoXConfig.Load(folder), (tensor, shape) => checkpoint.Take(tensor, shape, ScalarType.Float32, CPU));
        checkpoint.EnsureAllTaken();
        return model;
    }

    /// <summary>One row per token.</summary>
    internal static float[][] Logits(GptNeoXModel model, int[] ids)
    {
        using var noGrad = no_grad();
        using var input = tensor(Array.ConvertAll(ids, id => (long)id), [1, ids.Length]);
        using var logits = model.Forward(input);
        return [.. logits.data<float>().ToArray().Chunk(model.Config.VocabSize)];
    }
}
