using Kl3m.Trainer.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Trainer;

public sealed class OptimizerTests
{
    [Fact]
    public void AdamW_moves_by_the_rate_in_the_first_step_and_decays_the_weight()
    {
        using var scope = NewDisposeScope();
        var weight = tensor(new[] { 1f, -2f });
        new AdamW(weight, rate: 0.1, decay: 0.5).Step(tensor(new[] { 3f, -0.001f }), factor: 1, step: 0);
        // The bias-corrected mean over the root of the bias-corrected square is the gradient's sign.
        Assert.Equal([1f * 0.95f - 0.1f, -2f * 0.95f + 0.1f], weight.data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Fact]
    public void AdamW_remembers_gradients_as_the_paper_has_it()
    {
        using var scope = NewDisposeScope();
        var weight = tensor(new[] { 0f });
        var optimizer = new AdamW(weight, rate: 1, decay: 0);
        optimizer.Step(tensor(new[] { 1f }), 1, 0);
        optimizer.Step(tensor(new[] { -3f }), 1, 1);
        double mean = ((0.9 * 0.1 * 1) + (0.1 * -3)) / (1 - 0.81), square = ((0.95 * 0.05 * 1) + (0.05 * 9)) / (1 - 0.9025);
        Assert.Equal(-1 - (mean / Math.Sqrt(square)), weight.item<float>(), 1e-4);
    }

    [Theory, InlineData(24, 24), InlineData(16, 64), InlineData(64, 16)]
    public void Muon_makes_all_singular_values_about_one_and_keeps_the_directions(int rows, int columns)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var matrix = randn(rows, columns);
        var (u, s, vh) = linalg.svd(Muon.Orthogonal(matrix), fullMatrices: false);
        Assert.All(s.data<float>().ToArray(), value => Assert.InRange(value, 0.5f, 1.4f));
        var (before, _, _) = linalg.svd(matrix, fullMatrices: false);
        // The spaces that both span agree: projecting one onto the other loses nothing.
        Assert.Equal(Math.Min(rows, columns), before.mT.matmul(u).square().sum().item<float>(), 0.1f * Math.Min(rows, columns));
    }

    [Fact]
    public void Muon_turns_query_key_and_value_each_on_its_own()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        const int Heads = 2, HeadDim = 4, Hidden = Heads * HeadDim;
        // Values have gradients a thousand times those of queries and keys: together they would drown them.
        var gradient = randn(Heads, 3, HeadDim, Hidden);
        gradient[.., 2] *= 1000;
        var weight = zeros(3 * Hidden, Hidden);
        new Muon(weight, rate: 1, decay: 0, Heads).Step(gradient.view(3 * Hidden, Hidden), 1, 0);
        var moved = weight.view(Heads, 3, HeadDim, Hidden).square().sum([0, 2, 3]).data<float>().ToArray();
        Assert.All(moved, norm => Assert.InRange(norm, 0.5f * Hidden, 1.5f * Hidden));
    }

    [Fact]
    public void The_rate_warms_up_stays_and_decays_to_zero()
    {
        var schedule = new LearningRateSchedule(WarmupSteps: 4, DecayFrom: 10, DecaySteps: 5);
        Assert.Equal([0.2, 0.4, 0.6, 0.8, 1], Enumerable.Range(0, 5).Select(schedule.Factor), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(1, schedule.Factor(9));
        Assert.Equal([0.9, 0.7, 0.5, 0.3, 0.1], Enumerable.Range(10, 5).Select(schedule.Factor), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(1, new LearningRateSchedule(0).Factor(1_000_000));
    }

    [Fact]
    public void The_loss_and_its_gradient_are_those_of_torch()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        var logits = randn(700, 11).requires_grad_(); // more rows than one slice has
        var targets = randint(0, 11, 700);
        var expected = nn.functional.cross_entropy(logits, targets);
        expected.backward();
        var (loss, gradient) = Gradients.CrossEntropy(logits.detach(), targets);
        Assert.Equal(expected.item<float>(), loss, 1e-4);
        Assert.True((gradient / 700).allclose(logits.grad!, 1e-4, 1e-7));
    }
}
