using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>What <c>hidden_act</c> may be: the names and formulas of Hugging Face's activation table.</summary>
internal static class Activation
{
    private static readonly Dictionary<string, Func<Tensor, Tensor>> ByName = new()
    {
        // Exact: x times the normal distribution function, through erf. The tanh forms differ from it by up to 5e-4.
        ["gelu"] = nn.functional.gelu,
        ["gelu_python"] = nn.functional.gelu,
        ["gelu_new"] = TanhGelu,
        ["gelu_fast"] = TanhGelu,
        ["gelu_accurate"] = TanhGelu,
        ["gelu_pytorch_tanh"] = TanhGelu,
        ["quick_gelu"] = QuickGelu,
        ["relu"] = x => nn.functional.relu(x),
        ["relu2"] = x =>
        {
            using var positive = nn.functional.relu(x);
            return positive.square();
        },
        ["relu6"] = x => nn.functional.relu6(x),
        ["leaky_relu"] = x => nn.functional.leaky_relu(x),
        ["silu"] = x => nn.functional.silu(x),
        ["swish"] = x => nn.functional.silu(x),
        ["mish"] = x => nn.functional.mish(x),
        ["sigmoid"] = x => x.sigmoid(),
        ["tanh"] = x => x.tanh(),
        ["linear"] = x => x.alias(),
    };

    public static IEnumerable<string> Names => ByName.Keys;

    public static bool Has(string name) => ByName.ContainsKey(name);

    public static Func<Tensor, Tensor> Find(string name) => ByName[name];

    /// <summary>0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): Hugging Face's four spellings of it differ by rounding only.</summary>
    private static Tensor TanhGelu(Tensor x) => nn.functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh);

    /// <summary>x sigmoid(1.702 x).</summary>
    private static Tensor QuickGelu(Tensor x)
    {
        using var scaled = x.mul(Scalars.Of(1.702));
        using var gate = scaled.sigmoid();
        return x * gate;
    }
}
