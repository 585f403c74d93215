using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Training;

/// <summary>
/// Weights before the first step, as GPT-NeoX draws them: normal, inner linears with sqrt(2 / 5 hidden) (Nguyen and Salazar,
/// arXiv 1910.05895), those that write to the residual stream with 2 / (layers sqrt(hidden)) (Wang and Komatsuzaki, GPT-J).
/// </summary>
internal static class InitialWeights
{
    public static Dictionary<string, Tensor> Draw(GptNeoXConfig config, int seed, Device device)
    {
        var weights = new Dictionary<string, Tensor>();
        using var generator = new Generator((ulong)seed, CPU);
        using var shapes = new GptNeoXModel(config, (name, shape) => (weights[name] = Draw(name, shape).to(device)).alias());
        return weights;

        Tensor Draw(string name, long[] shape)
        {
            if (shape.Length == 1)
            {
                return name.EndsWith(".bias", StringComparison.Ordinal) ? zeros(shape) : ones(shape);
            }
            return randn(shape, generator: generator).mul_(Scalars.Of(Deviation(name)));
        }

        double Deviation(string name) => name.Split('.')[^2] switch
        {
            "dense" or "dense_4h_to_h" => 2 / (config.NumHiddenLayers * Math.Sqrt(config.HiddenSize)),
            "query_key_value" or "dense_h_to_4h" => Math.Sqrt(2.0 / (5 * config.HiddenSize)),
            _ => config.InitializerRange,
        };
    }
}
