using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// x W^T + b in bf16 with fp32 sums, by oneDNN (<see cref="PackedLinear"/>), whose use of the processor's bf16 products .NET has no words for.
/// The outputs are cut into slices, each a product of its own on one thread, so that oneDNN's threads and this model's do not get in each other's way.
/// </summary>
internal sealed unsafe class Bf16Linear : HostLinear
{
    /// <summary>What a slice holds: long enough to hide the call, short enough that a thread that comes late loses little.</summary>
    private const long SliceBytes = 8 << 20;

    private const int Lanes = 16;

    private readonly int inputs;
    private readonly int outputs;
    private readonly (int First, int Count, Tensor Weight, Tensor? Bias)[] slices;
    private readonly HostMemory<ushort> narrow = new();
    private Tensor? x;

    /// <param name="weight">[outputs, inputs], bf16.</param>
    /// <param name="bias">[outputs], bf16, or null.</param>
    /// <param name="threads">That share the work.</param>
    public Bf16Linear(Tensor weight, Tensor? bias, int threads)
    {
        (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        var count = (int)Math.Max(1, (long)outputs * inputs * 2 / SliceBytes);
        count = Math.Min((count + threads - 1) / threads * threads, Math.Max(1, outputs / 64));
        slices = new (int, int, Tensor, Tensor?)[count];
        for (var i = 0; i < count; i++)
        {
            var (first, end) = (Start(i), Start(i + 1));
            using var part = weight.narrow(0, first, end - first);
            slices[i] = (first, end - first, PackedLinear.Pack(part), bias?.narrow(0, first, end - first).clone());
        }

        // Whole blocks of 64 outputs, but for the last.
        int Start(int i) => i == count ? outputs : (int)((long)outputs * i / count / 64 * 64);
    }

    public override double BytesPerWeight => 2;

    public override int Items => slices.Length;

    public override void Begin(float* x, int rows, float* y)
    {
        if (this.x is null || rows != Rows || narrow.Length < (long)rows * inputs)
        {
            this.x?.Dispose();
            this.x = PackedLinear.View(narrow.Reserve((long)rows * inputs), rows, inputs);
        }
        base.Begin(x, rows, y);
    }

    public override void Take(int row)
    {
        var from = X + (long)row * inputs;
        var to = narrow.Start + (long)row * inputs;
        var i = 0;
        for (; i + 2 * Lanes <= inputs; i += 2 * Lanes)
        {
            Vector512.Narrow(Rounded(Vector512.Load(from + i)), Rounded(Vector512.Load(from + i + Lanes))).Store(to + i);
        }
        for (; i < inputs; i++)
        {
            to[i] = (ushort)Rounded(Vector512.CreateScalar(from[i])).ToScalar();
        }
    }

    public override void Do(int item)
    {
        var (first, count, weight, bias) = slices[item];
        using var result = PackedLinear.Apply(x!, weight, bias);
        var source = (ushort*)PackedLinear.Data(result);
        for (var row = 0; row < Rows; row++)
        {
            Widen(source + (long)row * count, count, Y + (long)row * outputs + first);
        }
    }

    public override void Dispose()
    {
        foreach (var (_, _, weight, bias) in slices)
        {
            weight.Dispose();
            bias?.Dispose();
        }
        x?.Dispose();
        narrow.Dispose();
    }

    /// <summary>To the nearest bf16, the even one of two; its bits in the lower half. NaN stays NaN.</summary>
    private static Vector512<uint> Rounded(Vector512<float> value)
    {
        var bits = value.AsUInt32();
        var odd = Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One;
        var rounded = Vector512.ShiftRightLogical(bits + odd + Vector512.Create(0x7FFFu), 16);
        return Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), rounded, Vector512.Create(0x7FC0u));
    }

    private static void Widen(ushort* from, int count, float* to)
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
