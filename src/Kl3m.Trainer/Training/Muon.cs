using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Training;

/// <summary>
/// Muon for one matrix: momentum whose singular values are all made about 1 (Keller Jordan et al., 2024,
/// kellerjordan.github.io/posts/muon: Nesterov momentum, five Newton-Schulz steps with those coefficients). It learns more from
/// a token than Adam does, and costs a few matrix products per step.
/// </summary>
/// <param name="heads">Of the fused query-key-value matrix, whose three parts turn each on its own; 0 for others.</param>
internal sealed class Muon(Tensor parameter, double rate, double decay, int heads = 0) : ParameterOptimizer(parameter, rate, decay)
{
    private const double Momentum = 0.95;
    private readonly Tensor momentum = zeros_like(parameter);

    public override IEnumerable<(string Name, Tensor Tensor)> State => [("momentum", momentum)];

    protected override Tensor Update(Tensor gradient, int step)
    {
        momentum.lerp_(gradient, 1 - Momentum);
        var update = gradient.lerp(momentum, Momentum);
        if (heads == 0)
        {
            return Scaled(update);
        }
        // Rows of the fused projection: head by head its queries, keys, values.
        var (rows, columns) = (update.shape[0], update.shape[1]);
        var parts = update.view(heads, 3, rows / heads / 3, columns).transpose(0, 1).reshape(3, rows / 3, columns);
        return Scaled(parts).view(3, heads, rows / heads / 3, columns).transpose(0, 1).reshape(rows, columns);
    }

    /// <summary>The factor makes the update of a tall matrix as strong per output as that of a square one.</summary>
    private static Tensor Scaled(Tensor update) => Orthogonal(update).mul(Scalars.Of(Math.Sqrt(Math.Max(1, (double)update.size(-2) / update.size(-1)))));

    /// <summary>The nearest matrix with singular values of about 1, of a matrix or of a batch of them.</summary>
    internal static Tensor Orthogonal(Tensor matrix)
    {
        var tall = matrix.size(-2) > matrix.size(-1);
        var norm = matrix.square().sum([-2, -1], keepdim: true).sqrt_().add_(Scalars.Of(1e-7));
        var x = ((tall ? matrix.mT : matrix) / norm).to(ScalarType.BFloat16);
        for (var i = 0; i < 5; i++)
        {
            var a = x.matmul(x.mT);
            x = x.mul(Scalars.Of(3.4445)).Plus(a.mul(Scalars.Of(-4.7750)).Plus(a.matmul(a).mul(Scalars.Of(2.0315))).matmul(x));
        }
        return (tall ? x.mT : x).to(ScalarType.Float32);
    }
}
