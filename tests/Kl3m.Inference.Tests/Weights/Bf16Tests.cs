using Kl3m.Inference.Weights;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Weights;

public sealed class Bf16Tests
{
    [Fact]
    public void Rounds_every_kind_of_number_as_libtorch_does()
    {
        var random = new Random(3);
        uint[] kinds = [0, 1, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001, 0xFFFF_FFFF, 0x3F80_8000, 0x3F81_8000, 0x3F80_8001, 0x7F7F_FFFF, 0x0000_8000, 0x0001_8000];
        uint[] bits = [.. kinds, .. Enumerable.Range(0, 100_003).Select(_ => (uint)random.NextInt64(1L << 32))];
        var rounded = new ushort[bits.Length];
        Narrow(bits, rounded);

        using var numbers = tensor([.. bits.Select(BitConverter.UInt32BitsToSingle)], ScalarType.Float32);
        using var halves = numbers.to(ScalarType.BFloat16);
        var expected = halves.bytes;
        for (var i = 0; i < bits.Length; i++)
        {
            var theirs = BitConverter.ToUInt16(expected[(2 * i)..]);
            Assert.True(theirs == rounded[i] || (IsNaN(theirs) && IsNaN(rounded[i])), $"{bits[i]:X8} became {rounded[i]:X4}, and {theirs:X4} in libtorch.");
        }
    }

    private static unsafe void Narrow(uint[] bits, ushort[] rounded)
    {
        fixed (uint* from = bits)
        fixed (ushort* to = rounded)
        {
            Bf16.Narrow((float*)from, bits.Length, to);
        }
    }

    // Which of the many NaNs it is, libtorch's own loops do not agree on.
    private static bool IsNaN(ushort half) => (half & 0x7FFF) > 0x7F80;
}
