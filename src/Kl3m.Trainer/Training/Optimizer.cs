using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Training;

/// <summary>One optimizer for each weight: Muon for the layers' matrices (unless AdamW is asked for), AdamW for the rest.</summary>
internal sealed class Optimizer
{
    private readonly Dictionary<string, ParameterOptimizer> byName;
    private readonly double clipNorm;

    public Optimizer(TrainingOptions options, IReadOnlyDictionary<string, Tensor> weights)
    {
        clipNorm = options.ClipNorm;
        byName = weights.ToDictionary(pair => pair.Key, pair => For(pair.Key, pair.Value));

        ParameterOptimizer For(string name, Tensor weight)
        {
            var matrix = weight.dim() == 2;
            var inLayer = name.StartsWith("gpt_neox.layers.", StringComparison.Ordinal);
            var fusedHeads = name.Contains("query_key_value", StringComparison.Ordinal) ? options.Heads : 0;
            return matrix && inLayer && options.Optimizer == "muon"
                ? new Muon(weight, options.MuonRate, options.WeightDecay, fusedHeads)
                : new AdamW(weight, options.Rate, matrix ? options.WeightDecay : 0);
        }
    }

    /// <summary>All that a checkpoint must hold of it, by name; the tensors themselves, to be written or overwritten.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State =>
        byName.SelectMany(pair => pair.Value.State.Select(state => ($"{pair.Key}.{state.Name}", state.Tensor)));

    /// <param name="factor">Of the learning rates.</param>
    public void Step(IReadOnlyDictionary<string, Tensor> gradients, double factor, int step, int threads)
    {
        Clip(gradients.Values);
        Parallel.ForEach(byName, new ParallelOptions { MaxDegreeOfParallelism = threads }, pair =>
        {
            set_num_threads(1);
            pair.Value.Step(gradients[pair.Key], factor, step);
        });
    }

    private void Clip(IEnumerable<Tensor> gradients)
    {
        var norm = Math.Sqrt(gradients.Sum(gradient =>
        {
            using var square = gradient.square();
            using var sum = square.sum();
            return (double)sum.item<float>();
        }));
        if (clipNorm > 0 && norm > clipNorm)
        {
            foreach (var gradient in gradients)
            {
                gradient.mul_(Scalars.Of(clipNorm / norm));
            }
        }
    }
}
