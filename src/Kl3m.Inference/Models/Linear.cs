using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>x W^T + b.</summary>
/// <param name="compute">The type to multiply in; null is the weights' own. bf16 over fp32 weights is mixed-precision training.</param>
internal sealed class Linear(Tensor weight, Tensor? bias, ScalarType? compute)
{
    private readonly ScalarType? _castTo = compute == weight.dtype ? null : compute;

    /// <param name="x">[N, in]; cast to the type that is multiplied in.</param>
    /// <returns>[N, out], in that type.</returns>
    public Tensor Apply(Tensor x)
    {
        if (_castTo is not { } dtype)
        {
            return nn.functional.linear(x, weight, bias);
        }
        using var castX = x.to(dtype);
        using var castWeight = weight.to(dtype);
        using var castBias = bias?.to(dtype);
        return nn.functional.linear(castX, castWeight, castBias);
    }
}
