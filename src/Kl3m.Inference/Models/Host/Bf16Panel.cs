using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Kl3m.Inference.Weights;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// The inner loops of <see cref="Bf16Linear"/> for few rows: reads weights as oneDNN has packed them, [outputs / 64, in / 2, 64, 2], and gives the
/// same bits as oneDNN, twice as fast while the reading of the weights is what takes the time.
/// </summary>
/// <remarks>
/// The order of its additions was found by trying: VDPBF16PS adds a pair's second product, then its first (as its definition says), 1024 inputs are
/// one chain, and the chains are added up. <see cref="Bf16Linear"/> checks when it is made whether that is so, and does without where it is not.
/// </remarks>
internal static unsafe class Bf16Panel
{
    public const int Width = 64;

    /// <summary>From here on multiplying takes longer than reading, and the processor's own bf16 products are faster.</summary>
    public const int MostRows = 4;

    private const int Lanes = 16;
    private const int ChainInputs = 1024;

    /// <param name="x">[rows, inputs], rounded to bf16; an even number of inputs.</param>
    /// <param name="y">Rows of <paramref name="stride"/> numbers, of which 64 are written, rounded to bf16.</param>
    public static void Multiply(ushort* panel, float* bias, float* x, int inputs, int rows, float* y, int stride)
    {
        var sums = stackalloc float[MostRows * Width];
        new Span<float>(sums, MostRows * Width).Clear();
        for (var k = 0; k < inputs; k += ChainInputs)
        {
            var pairs = Math.Min(ChainInputs, inputs - k) / 2;
            if (rows == 1)
            {
                One((uint*)(panel + (long)k * Width), x + k, pairs, sums);
            }
            else
            {
                Four((uint*)(panel + (long)k * Width), x + k, x + k + Math.Min(1, rows - 1) * inputs, x + k + Math.Min(2, rows - 1) * inputs, x + k + (rows - 1) * inputs, pairs, sums);
            }
        }
        for (var row = 0; row < rows; row++)
        {
            // The last of two or three rows is in the fourth's place too.
            for (var n = 0; n < Width; n += Lanes)
            {
                var sum = Vector512.Load(sums + row * Width + n) + Vector512.Load(bias + n);
                Vector512.ShiftLeft(Bf16.Round(sum), 16).AsSingle().Store(y + (long)row * stride + n);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(uint* panel, float* x, int pairs, float* sums)
    {
        var second = Vector512.Create(0xFFFF0000u);
        var (a0, a1, a2, a3) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        for (var pair = 0; pair < pairs; pair++, panel += Width)
        {
            var (v0, v1, v2, v3) = (Vector512.Load(panel), Vector512.Load(panel + Lanes), Vector512.Load(panel + 2 * Lanes), Vector512.Load(panel + 3 * Lanes));
            var x1 = Vector512.Create(x[2 * pair + 1]);
            a0 = Vector512.FusedMultiplyAdd(x1, (v0 & second).AsSingle(), a0);
            a1 = Vector512.FusedMultiplyAdd(x1, (v1 & second).AsSingle(), a1);
            a2 = Vector512.FusedMultiplyAdd(x1, (v2 & second).AsSingle(), a2);
            a3 = Vector512.FusedMultiplyAdd(x1, (v3 & second).AsSingle(), a3);
            var x0 = Vector512.Create(x[2 * pair]);
            a0 = Vector512.FusedMultiplyAdd(x0, Vector512.ShiftLeft(v0, 16).AsSingle(), a0);
            a1 = Vector512.FusedMultiplyAdd(x0, Vector512.ShiftLeft(v1, 16).AsSingle(), a1);
            a2 = Vector512.FusedMultiplyAdd(x0, Vector512.ShiftLeft(v2, 16).AsSingle(), a2);
            a3 = Vector512.FusedMultiplyAdd(x0, Vector512.ShiftLeft(v3, 16).AsSingle(), a3);
        }
        Add(sums, a0, a1, a2, a3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(uint* panel, float* xa, float* xb, float* xc, float* xd, int pairs, float* sums)
    {
        var second = Vector512.Create(0xFFFF0000u);
        var (a0, a1, a2, a3) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        var (b0, b1, b2, b3) = (a0, a0, a0, a0);
        var (c0, c1, c2, c3) = (a0, a0, a0, a0);
        var (d0, d1, d2, d3) = (a0, a0, a0, a0);
        for (var pair = 0; pair < pairs; pair++, panel += Width)
        {
            var (v0, v1, v2, v3) = (Vector512.Load(panel), Vector512.Load(panel + Lanes), Vector512.Load(panel + 2 * Lanes), Vector512.Load(panel + 3 * Lanes));
            for (var place = 1; place >= 0; place--)
            {
                var (w0, w1, w2, w3) = place == 1
                    ? ((v0 & second).AsSingle(), (v1 & second).AsSingle(), (v2 & second).AsSingle(), (v3 & second).AsSingle())
                    : (Vector512.ShiftLeft(v0, 16).AsSingle(), Vector512.ShiftLeft(v1, 16).AsSingle(), Vector512.ShiftLeft(v2, 16).AsSingle(), Vector512.ShiftLeft(v3, 16).AsSingle());
                var v = Vector512.Create(xa[2 * pair + place]);
                a0 = Vector512.FusedMultiplyAdd(v, w0, a0);
                a1 = Vector512.FusedMultiplyAdd(v, w1, a1);
                a2 = Vector512.FusedMultiplyAdd(v, w2, a2);
                a3 = Vector512.FusedMultiplyAdd(v, w3, a3);
                v = Vector512.Create(xb[2 * pair + place]);
                b0 = Vector512.FusedMultiplyAdd(v, w0, b0);
                b1 = Vector512.FusedMultiplyAdd(v, w1, b1);
                b2 = Vector512.FusedMultiplyAdd(v, w2, b2);
                b3 = Vector512.FusedMultiplyAdd(v, w3, b3);
                v = Vector512.Create(xc[2 * pair + place]);
                c0 = Vector512.FusedMultiplyAdd(v, w0, c0);
                c1 = Vector512.FusedMultiplyAdd(v, w1, c1);
                c2 = Vector512.FusedMultiplyAdd(v, w2, c2);
                c3 = Vector512.FusedMultiplyAdd(v, w3, c3);
                v = Vector512.Create(xd[2 * pair + place]);
                d0 = Vector512.FusedMultiplyAdd(v, w0, d0);
                d1 = Vector512.FusedMultiplyAdd(v, w1, d1);
                d2 = Vector512.FusedMultiplyAdd(v, w2, d2);
                d3 = Vector512.FusedMultiplyAdd(v, w3, d3);
            }
        }
        Add(sums, a0, a1, a2, a3);
        Add(sums + Width, b0, b1, b2, b3);
        Add(sums + 2 * Width, c0, c1, c2, c3);
        Add(sums + 3 * Width, d0, d1, d2, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* sums, Vector512<float> a0, Vector512<float> a1, Vector512<float> a2, Vector512<float> a3)
    {
        (Vector512.Load(sums) + a0).Store(sums);
        (Vector512.Load(sums + Lanes) + a1).Store(sums + Lanes);
        (Vector512.Load(sums + 2 * Lanes) + a2).Store(sums + 2 * Lanes);
        (Vector512.Load(sums + 3 * Lanes) + a3).Store(sums + 3 * Lanes);
    }
}
