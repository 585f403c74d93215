using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kl3m.Inference.Sampling;

/// <summary>The one pass over a whole vocabulary that probabilities need.</summary>
internal static class Softmax
{
    /// <summary>Below this, exp(x) is smaller than the smallest normal float and counts as 0.</summary>
    private const float Underflow = -87.3f;

    /// <summary>
    /// Writes exp(score - max) for each score and returns their sum, and the entropy (in nats) of the distribution that they are
    /// in proportion to. Lengths are the same, a multiple of <see cref="Vector{T}.Count"/>; max is finite. Sums run in double.
    /// </summary>
    public static (double Sum, double Entropy) Weigh(ReadOnlySpan<float> scores, float max, Span<float> weights)
    {
        var source = MemoryMarshal.Cast<float, Vector<float>>(scores);
        var target = MemoryMarshal.Cast<float, Vector<float>>(weights)[..source.Length];
        var sum = Vector<double>.Zero;
        var moment = Vector<double>.Zero;
        for (var i = 0; i < source.Length; i++)
        {
            var below = Vector.Max(source[i] - new Vector<float>(max), new Vector<float>(Underflow));
            var weight = Exp(below);
            target[i] = weight;
            Vector.Widen(weight, out var low, out var high);
            sum += low + high;
            Vector.Widen(weight * below, out low, out high);
            moment += low + high;
        }
        var total = Vector.Sum(sum);
        return (total, Math.Log(total) - Vector.Sum(moment) / total);
    }

    /// <summary>
    /// exp(x) for x from <see cref="Underflow"/> (which gives 0) to 0, within one unit in the last place, and exactly 1 at 0, which the
    /// framework's own is not: 2^n times a polynomial of the rest (the coefficients are those of Cephes' expf).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Exp(Vector<float> x)
    {
        // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits, from where it goes straight into the exponent.
        var magic = new Vector<float>(12582912f);
        var shifted = Vector.FusedMultiplyAdd(x, new Vector<float>(1.44269504f), magic);
        var n = shifted - magic;
        var rest = Vector.FusedMultiplyAdd(n, new Vector<float>(-0.693359375f), x);
        rest = Vector.FusedMultiplyAdd(n, new Vector<float>(2.12194440e-4f), rest);
        var p = Vector.FusedMultiplyAdd(new Vector<float>(1.9875691500e-4f), rest, new Vector<float>(1.3981999507e-3f));
        p = Vector.FusedMultiplyAdd(p, rest, new Vector<float>(8.3334519073e-3f));
        p = Vector.FusedMultiplyAdd(p, rest, new Vector<float>(4.1665795894e-2f));
        p = Vector.FusedMultiplyAdd(p, rest, new Vector<float>(1.6666665459e-1f));
        p = Vector.FusedMultiplyAdd(p, rest, new Vector<float>(5.0000001201e-1f));
        p = Vector.FusedMultiplyAdd(p * rest, rest, rest) + Vector<float>.One;
        var scaled = Vector.As<int, float>(Vector.As<float, int>(p) + Vector.ShiftLeft(Vector.As<float, int>(shifted), 23));
        return Vector.ConditionalSelect(Vector.GreaterThan(x, new Vector<float>(Underflow)), scaled, Vector<float>.Zero);
    }
}
