using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Training;

/// <summary>Moves one parameter (fp32) along what it makes of its gradients.</summary>
internal abstract class ParameterOptimizer(Tensor parameter, double rate, double decay)
{
    /// <summary>What a checkpoint must hold besides the parameter itself.</summary>
    public abstract IEnumerable<(string Name, Tensor Tensor)> State { get; }

    /// <param name="factor">Of the learning rate at this step.</param>
    /// <param name="step">From 0.</param>
    public void Step(Tensor gradient, double factor, int step)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var update = Update(gradient, step);
        parameter.mul_(Scalars.Of(1 - factor * rate * decay)).add_(update, alpha: Scalars.Of(-factor * rate));
    }

    protected abstract Tensor Update(Tensor gradient, int step);
}
