using Kl3m.Inference.Models;
using Kl3m.Inference.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Parity;

/// <summary>The path that trains and scores whole texts, against transformers.</summary>
public sealed class DenseParityTests
{
    private const float LogitTolerance = 2e-4f;

    public static TheoryData<string> Names => NeoxGolden.Names;

    [Theory, MemberData(nameof(Names))]
    public void Logits_are_those_of_transformers(string name)
    {
        using var model = Load(name);
        foreach (var golden in NeoxGolden.Forward(name))
        {
            var logits = Logits(model, golden.InputIds);
            Close(golden.LastLogits, logits[^1], LogitTolerance);
            for (var row = 0; row < golden.AllLogits?.Length; row++)
            {
                Close(golden.AllLogits[row], logits[row], LogitTolerance);
            }
        }
    }

    internal static GptNeoXModel Load(string name)
    {
        using var noGrad = no_grad();
        var folder = NeoxGolden.Folder(name);
        using var checkpoint = Checkpoint.Open(folder);
        var model = new GptNeoXModel(GptNeoXConfig.Load(folder), (tensor, shape) => checkpoint.Take(tensor, shape, ScalarType.Float32, CPU));
        checkpoint.EnsureAllTaken();
        return model;
    }

    internal static float[][] Logits(GptNeoXModel model, int[] ids)
    {
        using var noGrad = no_grad();
        using var input = tensor(Array.ConvertAll(ids, id => (long)id), [1, ids.Length]);
        using var logits = model.Forward(input);
        return [.. logits.data<float>().ToArray().Chunk(model.Config.VocabSize)];
    }

    internal static void Close(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(MathF.Abs(expected[i] - actual[i]) <= tolerance, $"at {i}: {actual[i]} should be {expected[i]}");
        }
    }
}
