using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Kl3m.Inference.Models.Host;

/// <summary>The inner loops of <see cref="Int8Linear"/>: 64 outputs, of one row or of four rows at once, over pairs of inputs.</summary>
internal static unsafe class Int8Panel
{
    public const int Width = 64;

    private const int Lanes = 16;

    /// <summary>So many products of 127 and 32,767 are added as whole numbers of 32 bits at most; 516 would be too many.</summary>
    private const int ExactInputs = 512;

    /// <summary>Needed: products of pairs of whole numbers.</summary>
    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>Puts one output's weights into its place of a panel [inputs / 2, 64, 2].</summary>
    public static void Pack(ReadOnlySpan<float> weights, float scale, int inputs, int place, sbyte* panel)
    {
        for (var k = 0; k < inputs; k++)
        {
            panel[(long)k / 2 * 2 * Width + 2 * place + k % 2] = k < weights.Length ? (sbyte)MathF.Round(weights[k] * scale) : (sbyte)0;
        }
    }

    /// <summary>Rounds a row to whole multiples of what it returns; zeros up to <paramref name="padded"/>.</summary>
    public static float Round(float* x, int length, float largest, short* y, int padded)
    {
        var highest = Vector512<float>.Zero;
        var i = 0;
        for (; i + Lanes <= length; i += Lanes)
        {
            highest = Vector512.Max(highest, Vector512.Abs(Vector512.Load(x + i)));
        }
        var top = 0f;
        for (var lane = 0; lane < Lanes; lane++)
        {
            top = MathF.Max(top, highest[lane]);
        }
        for (; i < length; i++)
        {
            top = MathF.Max(top, MathF.Abs(x[i]));
        }
        if (!float.IsFinite(top))
        {
            // Whole numbers cannot carry it on, and a row that only looks healthy would be worse.
            new Span<short>(y, padded).Clear();
            return float.NaN;
        }
        var scale = top == 0 ? 0 : largest / top;
        var scales = Vector512.Create(scale);
        for (i = 0; i + 2 * Lanes <= length; i += 2 * Lanes)
        {
            var low = Vector512.ConvertToInt32(Vector512.Round(Vector512.Load(x + i) * scales));
            var high = Vector512.ConvertToInt32(Vector512.Round(Vector512.Load(x + i + Lanes) * scales));
            Vector512.Narrow(low, high).Store(y + i);
        }
        for (; i < padded; i++)
        {
            y[i] = i < length ? (short)MathF.Round(x[i] * scale) : (short)0;
        }
        return top / largest;
    }

    /// <param name="x">[rows, inputs], an even number of inputs.</param>
    /// <param name="y">Rows of <paramref name="stride"/> numbers, of which <paramref name="width"/> are written.</param>
    public static void Multiply(sbyte* panel, float* steps, float* bias, short* x, float* scales, int inputs, int rows, float* y, int stride, int width)
    {
        var sums = stackalloc float[4 * Width];
        for (var row = 0; row < rows;)
        {
            var count = rows - row >= 4 ? 4 : 1;
            new Span<float>(sums, count * Width).Clear();
            for (var k = 0; k < inputs; k += ExactInputs)
            {
                var pairs = Math.Min(ExactInputs, inputs - k) / 2;
                if (count == 4)
                {
                    Four(panel + (long)k * Width, x + (long)row * inputs + k, inputs, pairs, sums);
                }
                else
                {
                    One(panel + (long)k * Width, x + (long)row * inputs + k, pairs, sums);
                }
            }
            for (var end = row + count; row < end; row++)
            {
                Finish(sums + (count - (end - row)) * Width, steps, bias, scales[row], y + (long)row * stride, width);
            }
        }
    }

    private static void Finish(float* sums, float* steps, float* bias, float scale, float* y, int width)
    {
        var n = 0;
        for (; n + Lanes <= width; n += Lanes)
        {
            Vector512.FusedMultiplyAdd(Vector512.Load(sums + n), Vector512.Load(steps + n) * Vector512.Create(scale), Vector512.Load(bias + n)).Store(y + n);
        }
        for (; n < width; n++)
        {
            y[n] = MathF.FusedMultiplyAdd(sums[n], steps[n] * scale, bias[n]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(sbyte* panel, short* x, int pairs, float* sums)
    {
        var (a0, a1, a2, a3) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
        for (var pair = 0; pair < pairs; pair++, panel += 2 * Width)
        {
            var v = Vector512.Create(((int*)x)[pair]).AsInt16();
            a0 += Products(Widen(panel), v);
            a1 += Products(Widen(panel + 2 * Lanes), v);
            a2 += Products(Widen(panel + 4 * Lanes), v);
            a3 += Products(Widen(panel + 6 * Lanes), v);
        }
        Add(sums, a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(sbyte* panel, short* x, int stride, int pairs, float* sums)
    {
        var (a0, a1, a2, a3) = (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero);
        var (b0, b1, b2, b3) = (a0, a0, a0, a0);
        var (c0, c1, c2, c3) = (a0, a0, a0, a0);
        var (d0, d1, d2, d3) = (a0, a0, a0, a0);
        var xa = (int*)x;
        var xb = (int*)(x + stride);
        var xc = (int*)(x + 2 * stride);
        var xd = (int*)(x + 3 * stride);
        for (var pair = 0; pair < pairs; pair++, panel += 2 * Width)
        {
            var (w0, w1, w2, w3) = (Widen(panel), Widen(panel + 2 * Lanes), Widen(panel + 4 * Lanes), Widen(panel + 6 * Lanes));
            var v = Vector512.Create(xa[pair]).AsInt16();
            a0 += Products(w0, v);
            a1 += Products(w1, v);
            a2 += Products(w2, v);
            a3 += Products(w3, v);
            v = Vector512.Create(xb[pair]).AsInt16();
            b0 += Products(w0, v);
            b1 += Products(w1, v);
            b2 += Products(w2, v);
            b3 += Products(w3, v);
            v = Vector512.Create(xc[pair]).AsInt16();
            c0 += Products(w0, v);
            c1 += Products(w1, v);
            c2 += Products(w2, v);
            c3 += Products(w3, v);
            v = Vector512.Create(xd[pair]).AsInt16();
            d0 += Products(w0, v);
            d1 += Products(w1, v);
            d2 += Products(w2, v);
            d3 += Products(w3, v);
        }
        Add(sums, a0, a1, a2, a3);
        Add(sums + Width, b0, b1, b2, b3);
        Add(sums + 2 * Width, c0, c1, c2, c3);
        Add(sums + 3 * Width, d0, d1, d2, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Widen(sbyte* from) => Avx512BW.IsSupported
        ? Avx512BW.ConvertToVector512Int16(Vector256.Load(from))
        : Vector512.Create(Avx2.ConvertToVector256Int16(Vector128.Load(from)), Avx2.ConvertToVector256Int16(Vector128.Load(from + Lanes)));

    /// <summary>a0 b0 + a1 b1 for each pair of neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products(Vector512<short> a, Vector512<short> b) => Avx512BW.IsSupported
        ? Avx512BW.MultiplyAddAdjacent(a, b)
        : Vector512.Create(Avx2.MultiplyAddAdjacent(a.GetLower(), b.GetLower()), Avx2.MultiplyAddAdjacent(a.GetUpper(), b.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* sums, Vector512<int> a0, Vector512<int> a1, Vector512<int> a2, Vector512<int> a3)
    {
        (Vector512.Load(sums) + Vector512.ConvertToSingle(a0)).Store(sums);
        (Vector512.Load(sums + Lanes) + Vector512.ConvertToSingle(a1)).Store(sums + Lanes);
        (Vector512.Load(sums + 2 * Lanes) + Vector512.ConvertToSingle(a2)).Store(sums + 2 * Lanes);
        (Vector512.Load(sums + 3 * Lanes) + Vector512.ConvertToSingle(a3)).Store(sums + 3 * Lanes);
    }
}
