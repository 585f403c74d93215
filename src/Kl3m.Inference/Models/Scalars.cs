using TorchSharp;

namespace Kl3m.Inference.Models;

/// <summary>
/// Numbers for libtorch's operations. TorchSharp 0.107.0 makes a <see cref="Scalar"/> of a number (of the 1 of <c>a + b</c> too) and lets go
/// of it before the native call has read it: a garbage collection at that moment frees it, and the operation fails or reads garbage
/// (3 of 330,000 additions under constant collection, none of 246,000 with a scalar that is held). These are held.
/// </summary>
internal static class Scalars
{
    public static readonly Scalar One = 1;
    public static readonly Scalar MinusInfinity = float.NegativeInfinity;

    /// <summary>More than any one expression makes.</summary>
    private const int HeldPerThread = 64;

    [ThreadStatic]
    private static Scalar[]? held;

    [ThreadStatic]
    private static int next;

    /// <summary>A scalar that lives until this thread has made many more.</summary>
    public static Scalar Of(double value)
    {
        held ??= new Scalar[HeldPerThread];
        return held[next++ % HeldPerThread] = value;
    }

    /// <summary>a + b.</summary>
    public static torch.Tensor Plus(this torch.Tensor a, torch.Tensor b) => a.add(b, One);
}
