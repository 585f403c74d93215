using System.Runtime.Intrinsics;

namespace Kl3m.Inference.Weights;

/// <summary>Numbers between fp32 and bf16, rounded as PyTorch does it (c10/util/BFloat16.h).</summary>
internal static unsafe class Bf16
{
    private const int Lanes = 16;

    /// <summary>To the nearest bf16, the even one of two; its bits in the lower half. NaN stays NaN.</summary>
    public static Vector512<uint> Round(Vector512<float> value)
    {
        var bits = value.AsUInt32();
        var odd = Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One;
        var rounded = Vector512.ShiftRightLogical(bits + odd + Vector512.Create(0x7FFFu), 16);
        return Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), rounded, Vector512.Create(0x7FC0u));
    }

    public static void Narrow(float* from, int count, ushort* to)
    {
        var i = 0;
        for (; i + 2 * Lanes <= count; i += 2 * Lanes)
        {
            Vector512.Narrow(Round(Vector512.Load(from + i)), Round(Vector512.Load(from + i + Lanes))).Store(to + i);
        }
        for (; i < count; i++)
        {
            to[i] = (ushort)Round(Vector512.CreateScalar(from[i])).ToScalar();
        }
    }

    public static void Widen(ushort* from, int count, float* to)
    {
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
        {
            Vector512.ShiftLeft(Vector512.WidenLower(Vector256.Load(from + i).ToVector512Unsafe()), 16).AsSingle().Store(to + i);
        }
        for (; i < count; i++)
        {
            to[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
        }
    }
}
