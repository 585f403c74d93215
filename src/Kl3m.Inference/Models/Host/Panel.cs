using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Kl3m.Inference.Models.Host;

/// <summary>The inner loops of <see cref="PanelLinear"/>: 64 outputs, of one row or of four rows at once.</summary>
internal static unsafe class Panel
{
    /// <summary>Outputs: four vectors, as many additions as are under way at once.</summary>
    public const int Width = 64;

    private const int Lanes = 16;

    /// <summary>Whether bf16 holds all of them exactly.</summary>
    public static bool IsNarrow(ReadOnlySpan<float> weights) => LowHalves(weights) == 0;

    /// <summary>
    /// Lays out [rows, inputs] as [inputs, 64], with zeros for rows that are not there. Narrow: a vector holds 16 outputs in the lower
    /// halves of its numbers and the 16 outputs behind them in the upper ones.
    /// </summary>
    public static void Pack(float* weights, int rows, int inputs, byte* panel, bool narrow)
    {
        for (var k = 0; k < inputs; k++)
        {
            for (var n = 0; n < Width; n++)
            {
                var weight = n < rows ? weights[(long)n * inputs + k] : 0;
                if (narrow)
                {
                    var place = n / (2 * Lanes) * 2 * Lanes + n % Lanes * 2 + n / Lanes % 2;
                    ((ushort*)panel)[(long)k * Width + place] = (ushort)(BitConverter.SingleToUInt32Bits(weight) >> 16);
                }
                else
                {
                    ((float*)panel)[(long)k * Width + n] = weight;
                }
            }
        }
    }

    /// <typeparam name="T">ushort for bf16, or float: what the panel holds.</typeparam>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="y">Rows of <paramref name="stride"/> numbers, of which <paramref name="width"/> are written.</param>
    public static void Multiply<T>(byte* panel, float* bias, float* x, int inputs, int rows, float* y, int stride, int width) where T : unmanaged
    {
        var result = stackalloc float[4 * Width];
        var row = 0;
        for (; row + 4 <= rows; row += 4, x += 4 * inputs, y += 4 * stride)
        {
            Four<T>((T*)panel, bias, x, inputs, width == Width ? y : result, width == Width ? stride : Width);
            if (width != Width)
            {
                Copy(result, 4, y, stride, width);
            }
        }
        for (; row < rows; row++, x += inputs, y += stride)
        {
            One<T>((T*)panel, bias, x, inputs, width == Width ? y : result);
            if (width != Width)
            {
                Copy(result, 1, y, stride, width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<T>(T* panel, float* bias, float* x, int inputs, float* y) where T : unmanaged
    {
        var (a0, a1, a2, a3) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        for (var k = 0; k < inputs; k++, panel += Width)
        {
            Load(panel, out var w0, out var w1, out var w2, out var w3);
            var v = Vector512.Create(x[k]);
            a0 = Vector512.FusedMultiplyAdd(v, w0, a0);
            a1 = Vector512.FusedMultiplyAdd(v, w1, a1);
            a2 = Vector512.FusedMultiplyAdd(v, w2, a2);
            a3 = Vector512.FusedMultiplyAdd(v, w3, a3);
        }
        Store(y, bias, a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<T>(T* panel, float* bias, float* x, int inputs, float* y, int stride) where T : unmanaged
    {
        var (a0, a1, a2, a3) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (b0, b1, b2, b3) = (a0, a0, a0, a0);
        var (c0, c1, c2, c3) = (a0, a0, a0, a0);
        var (d0, d1, d2, d3) = (a0, a0, a0, a0);
        var xb = x + inputs;
        var xc = xb + inputs;
        var xd = xc + inputs;
        for (var k = 0; k < inputs; k++, panel += Width)
        {
            Load(panel, out var w0, out var w1, out var w2, out var w3);
            var v = Vector512.Create(x[k]);
            a0 = Vector512.FusedMultiplyAdd(v, w0, a0);
            a1 = Vector512.FusedMultiplyAdd(v, w1, a1);
            a2 = Vector512.FusedMultiplyAdd(v, w2, a2);
            a3 = Vector512.FusedMultiplyAdd(v, w3, a3);
            v = Vector512.Create(xb[k]);
            b0 = Vector512.FusedMultiplyAdd(v, w0, b0);
            b1 = Vector512.FusedMultiplyAdd(v, w1, b1);
            b2 = Vector512.FusedMultiplyAdd(v, w2, b2);
            b3 = Vector512.FusedMultiplyAdd(v, w3, b3);
            v = Vector512.Create(xc[k]);
            c0 = Vector512.FusedMultiplyAdd(v, w0, c0);
            c1 = Vector512.FusedMultiplyAdd(v, w1, c1);
            c2 = Vector512.FusedMultiplyAdd(v, w2, c2);
            c3 = Vector512.FusedMultiplyAdd(v, w3, c3);
            v = Vector512.Create(xd[k]);
            d0 = Vector512.FusedMultiplyAdd(v, w0, d0);
            d1 = Vector512.FusedMultiplyAdd(v, w1, d1);
            d2 = Vector512.FusedMultiplyAdd(v, w2, d2);
            d3 = Vector512.FusedMultiplyAdd(v, w3, d3);
        }
        Store(y, bias, a0, a1, a2, a3);
        Store(y + stride, bias, b0, b1, b2, b3);
        Store(y + 2 * stride, bias, c0, c1, c2, c3);
        Store(y + 3 * stride, bias, d0, d1, d2, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<T>(T* panel, out Vector512<float> w0, out Vector512<float> w1, out Vector512<float> w2, out Vector512<float> w3) where T : unmanaged
    {
        if (typeof(T) == typeof(ushort))
        {
            var upper = Vector512.Create(0xFFFF0000u);
            var (low, high) = (Vector512.Load((uint*)panel), Vector512.Load((uint*)panel + Lanes));
            (w0, w1) = (Vector512.ShiftLeft(low, 16).AsSingle(), (low & upper).AsSingle());
            (w2, w3) = (Vector512.ShiftLeft(high, 16).AsSingle(), (high & upper).AsSingle());
        }
        else
        {
            var weights = (float*)panel;
            (w0, w1) = (Vector512.Load(weights), Vector512.Load(weights + Lanes));
            (w2, w3) = (Vector512.Load(weights + 2 * Lanes), Vector512.Load(weights + 3 * Lanes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, float* bias, Vector512<float> a0, Vector512<float> a1, Vector512<float> a2, Vector512<float> a3)
    {
        (a0 + Vector512.Load(bias)).Store(y);
        (a1 + Vector512.Load(bias + Lanes)).Store(y + Lanes);
        (a2 + Vector512.Load(bias + 2 * Lanes)).Store(y + 2 * Lanes);
        (a3 + Vector512.Load(bias + 3 * Lanes)).Store(y + 3 * Lanes);
    }

    private static void Copy(float* from, int rows, float* to, int stride, int width)
    {
        for (var row = 0; row < rows; row++)
        {
            new Span<float>(from + row * Width, width).CopyTo(new(to + (long)row * stride, width));
        }
    }

    private static uint LowHalves(ReadOnlySpan<float> weights)
    {
        var seen = 0u;
        foreach (var bits in MemoryMarshal.Cast<float, uint>(weights))
        {
            seen |= bits & 0xFFFF;
        }
        return seen;
    }
}
