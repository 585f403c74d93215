using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Training;

/// <summary>
/// Mean loss and gradients of a batch, computed in parts on several threads. Each part has leaves of its own over the same weights, and
/// their gradients are added in order: how many threads there are changes nothing.
/// </summary>
internal sealed class Gradients : IDisposable
{
    /// <summary>Rows of logits that are worked on at a time: as many as stay in the cache in fp32.</summary>
    private const int LossRows = 128;

    private readonly GptNeoXModel[] parts;
    private readonly ParallelOptions parallel;

    /// <param name="weights">fp32 weights by name; changed in place between the calls.</param>
    /// <param name="parts">How many parts a batch is cut into; each holds its activations in memory.</param>
    public Gradients(GptNeoXConfig config, IReadOnlyDictionary<string, Tensor> weights, ScalarType compute, int parts, int threads)
    {
        GptNeoXModel Part(int part) => new(config, (name, _) => weights[name].detach().requires_grad_(), compute);
        this.parts = [.. Enumerable.Range(0, parts).Select(Part)];
        foreach (var part in this.parts)
        {
            part.Rotary.Range(0, config.MaxPositionEmbeddings); // made here, outside of every scope, the tables outlive the steps
        }
        parallel = new() { MaxDegreeOfParallelism = threads };
    }

    /// <param name="ids">[B, T + 1]: each position's target is the id after it. The parts must divide B.</param>
    /// <returns>The mean loss in nats per token, and the mean gradient by name; the caller disposes them.</returns>
    public (double Loss, IReadOnlyDictionary<string, Tensor> ByName) Compute(Tensor ids)
    {
        var losses = new double[parts.Length];
        var rows = ids.shape[0] / parts.Length;
        Parallel.For(0, parts.Length, parallel, part =>
        {
            // Torch's own threads meet at every operation, and wait for each other on a busy machine; these meet once a step.
            set_num_threads(1);
            using var scope = NewDisposeScope();
            losses[part] = Backward(parts[part], ids.narrow(0, part * rows, rows));
        });
        return (losses.Average(), Mean(ids.shape[0] * (ids.shape[1] - 1)));
    }

    public void Dispose() => Array.ForEach(parts, part => part.Dispose());

    private static double Backward(GptNeoXModel model, Tensor ids)
    {
        var length = ids.shape[1] - 1;
        var targets = ids.narrow(1, 1, length).reshape(-1);
        var logits = model.Forward(ids.narrow(1, 0, length));
        var (loss, gradient) = CrossEntropy(logits.detach().view(-1, logits.shape[2]), targets);
        logits.backward([gradient.view_as(logits)]);
        return loss;
    }

    /// <summary>
    /// Mean cross-entropy, and the gradient of the sum of the losses: softmax - target. In slices, since the whole in fp32 would cost more
    /// than the head itself; a sum, since one division of each weight's gradient is cheaper than one of each logit's.
    /// </summary>
    internal static (double Loss, Tensor Gradient) CrossEntropy(Tensor logits, Tensor targets)
    {
        using var noGrad = no_grad();
        var count = targets.shape[0];
        var gradient = empty_like(logits);
        using var minusOne = tensor(-1f, device: logits.device);
        var loss = 0.0;
        for (var start = 0L; start < count; start += LossRows)
        {
            using var scope = NewDisposeScope();
            var rows = Math.Min(LossRows, count - start);
            var target = targets.narrow(0, start, rows).unsqueeze(1);
            var probabilities = logits.narrow(0, start, rows).to(ScalarType.Float32).softmax(1);
            loss -= probabilities.gather(1, target).clamp_(min: Scalars.Of(1e-30)).log_().sum().item<float>();
            probabilities.scatter_add_(1, target, minusOne.expand(rows, 1));
            gradient.narrow(0, start, rows).copy_(probabilities);
        }
        return (loss / count, gradient);
    }

    private Dictionary<string, Tensor> Mean(long tokens)
    {
        using var noGrad = no_grad();
        var sums = new Dictionary<string, Tensor>();
        foreach (var part in parts)
        {
            foreach (var (name, leaf) in part.Parameters)
            {
                using var gradient = leaf.grad!;
                leaf.grad = null;
                if (sums.TryGetValue(name, out var sum))
                {
                    sum.add_(gradient, Scalars.One);
                }
                else
                {
                    sums[name] = gradient.detach();
                }
            }
        }
        foreach (var sum in sums.Values)
        {
            sum.div_(Scalars.Of(tokens));
        }
        return sums;
    }
}
