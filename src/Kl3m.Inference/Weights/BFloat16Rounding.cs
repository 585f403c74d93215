using System.Numerics;

namespace Kl3m.Inference.Weights;

/// <summary>fp32 to bf16: the upper half of the bits, rounded to nearest, ties to even, as PyTorch does it (c10/util/BFloat16.h).</summary>
internal static class BFloat16Rounding
{
    private const uint HalfWithoutTie = 0x7FFF;
    private const ushort NaN = 0x7FC0;

    /// <param name="source">The bits of fp32 numbers.</param>
    /// <param name="target">As many bf16 numbers.</param>
    public static void Round(ReadOnlySpan<uint> source, Span<ushort> target)
    {
        var step = 2 * Vector<uint>.Count;
        var i = 0;
        for (; i <= source.Length - step; i += step)
        {
            var low = Round(new Vector<uint>(source[i..]));
            var high = Round(new Vector<uint>(source[(i + Vector<uint>.Count)..]));
            Vector.Narrow(low, high).CopyTo(target[i..]);
        }
        for (; i < source.Length; i++)
        {
            var bits = source[i];
            target[i] = float.IsNaN(BitConverter.UInt32BitsToSingle(bits)) ? NaN : (ushort)((bits + HalfWithoutTie + (bits >> 16 & 1)) >> 16);
        }
    }

    private static Vector<uint> Round(Vector<uint> bits)
    {
        var rounded = Vector.ShiftRightLogical(bits + new Vector<uint>(HalfWithoutTie) + (Vector.ShiftRightLogical(bits, 16) & Vector<uint>.One), 16);
        var isNumber = Vector.Equals(Vector.AsVectorSingle(bits), Vector.AsVectorSingle(bits));
        return Vector.ConditionalSelect(Vector.AsVectorUInt32(isNumber), rounded, new Vector<uint>(NaN));
    }
}
