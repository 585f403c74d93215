using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>x W^T + b.</summary>
/// <param name="compute">The type to multiply in; null is the weights' own. bf16 over fp32 weights is mixed-precision training.</param>
internal sealed class Linear(Tensor weight, Tensor? bias, ScalarType? compute) : IDisposable
{
    private readonly ScalarType? castTo = compute == weight.dtype ? null : compute;
    private Tensor? packed;

    /// <param name="x">[N, in]; cast to the type that is multiplied in.</param>
    /// <returns>[N, out], in that type.</returns>
    public Tensor Apply(Tensor x)
    {
        if (packed is not null)
        {
            return PackedLinear.Apply(x, packed, bias);
        }
        if (castTo is not { } dtype)
        {
            return nn.functional.linear(x, weight, bias);
        }
        using var castX = x.to(dtype);
        using var castWeight = weight.to(dtype);
        using var castBias = bias?.to(dtype);
        return nn.functional.linear(castX, castWeight, castBias);
    }

    /// <summary>Lays the weight out for inference.</summary>
    /// <param name="keep">Whether something else uses the weight too; otherwise it is freed, and can no longer be trained.</param>
    public void Pack(bool keep = false)
    {
        packed = PackedLinear.Pack(weight);
        if (!keep)
        {
            weight.Dispose();
        }
    }

    public void Dispose() => packed?.Dispose();
}
