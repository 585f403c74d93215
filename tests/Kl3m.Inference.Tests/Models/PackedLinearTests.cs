using Kl3m.Inference.Models;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Models;

public sealed class PackedLinearTests
{
    public static TheoryData<int, int, ScalarType> Shapes => new()
    {
        { 64, 192, ScalarType.Float32 }, { 256, 768, ScalarType.Float32 }, { 1024, 256, ScalarType.Float32 }, { 256, 4096, ScalarType.Float32 },
        { 64, 192, ScalarType.BFloat16 }, { 256, 768, ScalarType.BFloat16 }, { 1024, 256, ScalarType.BFloat16 }, { 2048, 2048, ScalarType.BFloat16 },
    };

    /// <summary>What a sequence writes must not depend on its company. oneDNN does not promise this; it is so in the version that comes along.</summary>
    [Theory, MemberData(nameof(Shapes))]
    public void A_row_does_not_depend_on_how_many_there_are_or_where_it_stands(int inputs, int outputs, ScalarType dtype)
    {
        if (!PackedLinear.Serves(dtype, CPU))
        {
            Assert.Skip($"this CPU does not multiply {dtype}");
        }
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        set_num_threads(1);
        var random = new Random(1);
        Tensor Numbers(long rows) => tensor(Enumerable.Range(0, (int)rows * inputs).Select(_ => random.NextSingle() - 0.5f).ToArray(), rows, inputs).to(dtype);
        var weight = Numbers(outputs);
        var packed = PackedLinear.Pack(weight);
        var all = Numbers(130);
        var probe = Numbers(1);
        byte[]? expected = null;
        foreach (var rows in (int[])[1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 32, 33, 64, 65, 100, 128, 130])
        {
            foreach (var at in (int[])[0, rows / 2, rows - 1])
            {
                using var inner = NewDisposeScope();
                var x = all.narrow(0, 0, rows).clone();
                x.narrow(0, at, 1).copy_(probe);
                var row = PackedLinear.Apply(x, packed, null).narrow(0, at, 1).clone().bytes.ToArray();
                expected ??= row;
                Assert.True(expected.AsSpan().SequenceEqual(row), $"differs as row {at} of {rows}");
            }
        }
    }
}
