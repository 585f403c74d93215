using Kl3m.Inference.Models;

namespace Kl3m.Inference.Tests.Models;

/// <summary>
/// GPT-NeoX in double precision and plain loops, written from the paper's formulas, without a cache, a batch or a library: what the
/// engine is held against in the variants for which there are no goldens.
/// </summary>
internal sealed class PlainNeox(GptNeoXConfig config, Func<string, float[]> weights)
{
    private readonly int hidden = config.HiddenSize;

    /// <summary>One row of logits per token.</summary>
    public double[][] Logits(int[] ids)
    {
        var embedding = weights("gpt_neox.embed_in.weight");
        var x = ids.Select(id => embedding.Skip(id * hidden).Take(hidden).Select(value => (double)value).ToArray()).ToArray();
        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            var name = $"gpt_neox.layers.{layer}";
            var attention = Attention(name, Map(x, row => Norm($"{name}.input_layernorm", row)));
            var middle = config.UseParallelResidual ? x : Add(x, attention);
            var mlp = Map(middle, row => Linear($"{name}.mlp.dense_4h_to_h", Act(Linear($"{name}.mlp.dense_h_to_4h", Norm($"{name}.post_attention_layernorm", row)))));
            x = Add(Add(x, attention), mlp);
        }
        var head = config.TieWordEmbeddings ? "gpt_neox.embed_in" : "embed_out";
        return Map(x, row => Linear(head, Norm("gpt_neox.final_layer_norm", row), bias: false));
    }

    private double[][] Attention(string name, double[][] x)
    {
        var (heads, dim) = (config.NumAttentionHeads, config.HeadDim);
        var qkv = Map(x, row => Linear($"{name}.attention.query_key_value", row, config.AttentionBias));
        var result = Map(x, _ => new double[hidden]);
        for (var head = 0; head < heads; head++)
        {
            double[] Part(int position, int part) => qkv[position][((head * 3 + part) * dim)..((head * 3 + part + 1) * dim)];
            for (var query = 0; query < x.Length; query++)
            {
                var q = Turn(Part(query, 0), query);
                var scores = Enumerable.Range(0, query + 1).Select(key => Math.Exp(q.Zip(Turn(Part(key, 1), key), (a, b) => a * b).Sum() / Math.Sqrt(dim))).ToArray();
                for (var key = 0; key <= query; key++)
                {
                    var value = Part(key, 2);
                    for (var i = 0; i < dim; i++)
                    {
                        result[query][head * dim + i] += scores[key] / scores.Sum() * value[i];
                    }
                }
            }
        }
        return Map(result, row => Linear($"{name}.attention.dense", row, config.AttentionBias));
    }

    /// <summary>Pairs (i, i + n/2) of the first n dimensions turn by position / base^(2i/n).</summary>
    private double[] Turn(double[] x, int position)
    {
        var result = (double[])x.Clone();
        var n = config.RotaryDims;
        for (var i = 0; i < n / 2; i++)
        {
            var (sin, cos) = Math.SinCos(position / Math.Pow(config.RotaryEmbBase, 2.0 * i / n));
            result[i] = x[i] * cos - x[i + n / 2] * sin;
            result[i + n / 2] = x[i + n / 2] * cos + x[i] * sin;
        }
        return result;
    }

    private double[] Norm(string name, double[] x)
    {
        var (weight, bias) = (weights($"{name}.weight"), weights($"{name}.bias"));
        var mean = x.Average();
        var scale = 1 / Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + config.LayerNormEps);
        return [.. x.Select((value, i) => (value - mean) * scale * weight[i] + bias[i])];
    }

    private double[] Linear(string name, double[] x, bool bias = true)
    {
        var weight = weights($"{name}.weight");
        var result = new double[weight.Length / x.Length];
        for (var row = 0; row < result.Length; row++)
        {
            result[row] = bias ? weights($"{name}.bias")[row] : 0;
            for (var i = 0; i < x.Length; i++)
            {
                result[row] += weight[row * x.Length + i] * x[i];
            }
        }
        return result;
    }

    private double[] Act(double[] x) => [.. x.Select<double, double>(config.HiddenAct switch
    {
        "gelu" or "gelu_python" => v => 0.5 * v * (1 + Erf(v / Math.Sqrt(2))),
        "gelu_new" or "gelu_fast" or "gelu_accurate" or "gelu_pytorch_tanh" => v => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v))),
        "quick_gelu" => v => v / (1 + Math.Exp(-1.702 * v)),
        "relu" => v => Math.Max(v, 0),
        "relu2" => v => Math.Max(v, 0) * Math.Max(v, 0),
        "relu6" => v => Math.Clamp(v, 0, 6),
        "leaky_relu" => v => v < 0 ? 0.01 * v : v,
        "silu" or "swish" => v => v / (1 + Math.Exp(-v)),
        "mish" => v => v * Math.Tanh(Math.Log(1 + Math.Exp(v))),
        "sigmoid" => v => 1 / (1 + Math.Exp(-v)),
        "tanh" => Math.Tanh,
        "linear" => v => v,
        _ => throw new InvalidOperationException(config.HiddenAct),
    })];

    /// <summary>The Taylor series, which is exact enough for the small arguments here.</summary>
    private static double Erf(double x)
    {
        var (term, sum) = (x, x);
        for (var n = 1; n < 200; n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private static double[][] Map(double[][] rows, Func<double[], double[]> map) => [.. rows.Select(map)];

    private static double[][] Add(double[][] a, double[][] b) => [.. a.Zip(b, (left, right) => left.Zip(right, (x, y) => x + y).ToArray())];
}
