using Kl3m.Inference.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Models;

/// <summary>What a trainer needs of the model: gradients for every weight, in full and in mixed precision.</summary>
public sealed class TrainingTests
{
    private static readonly GptNeoXConfig Tiny = new()
    {
        VocabSize = 40, HiddenSize = 16, NumHiddenLayers = 2, NumAttentionHeads = 2, IntermediateSize = 32, MaxPositionEmbeddings = 16,
    };

    [Theory, InlineData(false), InlineData(true)]
    public void Every_weight_gets_a_gradient_in_its_own_type(bool mixed)
    {
        using var scope = NewDisposeScope();
        using var model = Fresh(mixed ? ScalarType.BFloat16 : null);
        Loss(model).backward();
        Assert.All(model.Parameters, pair =>
        {
            Assert.Equal(ScalarType.Float32, pair.Parameter.grad!.dtype);
            Assert.True(pair.Parameter.grad.abs().sum().item<float>() > 0, pair.Name);
        });
    }

    [Fact]
    public void A_gradient_is_the_slope_of_the_loss()
    {
        using var scope = NewDisposeScope();
        using var model = Fresh();
        Loss(model).backward();
        foreach (var (name, parameter) in model.Parameters)
        {
            var index = parameter.grad!.abs().flatten().argmax().item<long>();
            var slope = parameter.grad.flatten()[index].item<float>();
            Assert.True(MathF.Abs(Slope(parameter, index) - slope) < 0.02f * MathF.Abs(slope) + 1e-3f, name);
        }

        float Slope(Tensor parameter, long index)
        {
            using var noGrad = no_grad();
            const float Step = 1e-2f;
            var flat = parameter.view(-1);
            var before = flat[index].clone();
            flat[index] = before + Step;
            var up = Loss(model).item<float>();
            flat[index] = before - Step;
            var down = Loss(model).item<float>();
            flat[index] = before;
            return (up - down) / (2 * Step);
        }
    }

    [Fact]
    public void Scoring_in_inference_mode_does_not_spoil_training_after_it()
    {
        using var scope = NewDisposeScope();
        using var model = Fresh();
        using (inference_mode())
        {
            Loss(model);
        }
        Loss(model).backward();
    }

    [Fact]
    public void A_step_may_have_a_dispose_scope_of_its_own()
    {
        using var outer = NewDisposeScope();
        using var model = Fresh();
        for (var step = 0; step < 2; step++)
        {
            using var scope = NewDisposeScope();
            Loss(model).backward();
        }
    }

    private static GptNeoXModel Fresh(ScalarType? compute = null) => GptNeoXVariantTests.Random(Tiny, wrap: weight => new Parameter(weight), compute: compute);

    private static Tensor Loss(GptNeoXModel model)
    {
        var ids = tensor(new long[] { 1, 5, 9, 2, 33, 7, 0, 39, 12, 12, 3, 8 }, [2, 6]);
        var logits = model.Forward(ids).to(ScalarType.Float32);
        return nn.functional.cross_entropy(logits[.., ..^1].reshape(-1, model.Config.VocabSize), ids[.., 1..].reshape(-1));
    }
}
