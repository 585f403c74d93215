using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Training;

/// <summary>Adam with bias correction and decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101) for one parameter.</summary>
internal sealed class AdamW : ParameterOptimizer
{
    private const double Beta1 = 0.9, Beta2 = 0.95, Epsilon = 1e-8;
    private readonly Tensor mean, square;

    public AdamW(Tensor parameter, double rate, double decay) : base(parameter, rate, decay)
    {
        (mean, square) = (zeros_like(parameter), zeros_like(parameter));
    }

    public override IEnumerable<(string Name, Tensor Tensor)> State => [("mean", mean), ("square", square)];

    protected override Tensor Update(Tensor gradient, int step)
    {
        mean.lerp_(gradient, 1 - Beta1);
        square.mul_(Scalars.Of(Beta2)).addcmul_(gradient, gradient, Scalars.Of(1 - Beta2));
        var root = square.div(Scalars.Of(1 - Math.Pow(Beta2, step + 1))).sqrt_().add_(Scalars.Of(Epsilon));
        return mean.div(root).div(Scalars.Of(1 - Math.Pow(Beta1, step + 1)));
    }
}
