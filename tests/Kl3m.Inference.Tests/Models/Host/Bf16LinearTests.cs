using Kl3m.Inference.Models;
using Kl3m.Inference.Models.Host;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Models.Host;

public sealed class Bf16LinearTests
{
    public static TheoryData<int, int, int> Shapes => new() { { 64, 64, 1 }, { 24, 40, 2 }, { 256, 768, 2 }, { 250, 129, 3 }, { 2048, 512, 2 }, { 3000, 128, 1 } };

    [Theory, MemberData(nameof(Shapes))]
    public void Slices_compute_what_the_whole_does_to_the_bit(int inputs, int outputs, int threads)
    {
        if (!PackedLinear.Serves(ScalarType.BFloat16, CPU))
        {
            Assert.Skip("this CPU does not multiply bf16");
        }
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        set_num_threads(1);
        var random = new Random(1);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => 4 * random.NextSingle() - 2)];
        var x = Numbers(9 * inputs);
        var weight = tensor(Numbers(outputs * inputs), outputs, inputs).to(ScalarType.BFloat16);
        var bias = tensor(Numbers(outputs)).to(ScalarType.BFloat16);
        var whole = PackedLinear.Apply(tensor(x, 9, inputs).to(ScalarType.BFloat16), PackedLinear.Pack(weight), bias).to(ScalarType.Float32).data<float>().ToArray();
        using var linear = new Bf16Linear(weight, bias, threads);
        Assert.Equal(whole, Linears.Apply(linear, x, inputs, outputs));
        for (var rows = 1; rows < 9; rows++)
        {
            Assert.Equal(whole[outputs..((1 + rows) * outputs)], Linears.Apply(linear, x[inputs..((1 + rows) * inputs)], inputs, outputs));
        }
    }

    /// <summary>Where it is false all is right and slower; this says when a new libtorch packs or adds otherwise.</summary>
    [Fact]
    public void Few_rows_are_read_from_what_oneDNN_packed()
    {
        if (!PackedLinear.Serves(ScalarType.BFloat16, CPU))
        {
            Assert.Skip("this CPU does not multiply bf16");
        }
        using var mode = inference_mode();
        using var weight = rand(256, 2048).to(ScalarType.BFloat16);
        using var linear = new Bf16Linear(weight, null, 1);
        Assert.True(linear.ReadsPanels);
    }

    [Fact]
    public void Inputs_are_rounded_as_libtorch_rounds_them()
    {
        if (!PackedLinear.Serves(ScalarType.BFloat16, CPU))
        {
            Assert.Skip("this CPU does not multiply bf16");
        }
        using var mode = inference_mode();
        using var scope = NewDisposeScope();
        // 1.00390625 and 1.01171875 lie in the middle of two.
        float[] x = [1.00390625f, 1.01171875f, -1.00390625f, 0.1f, 3e38f, float.PositiveInfinity, -0f, .. Enumerable.Range(1, 60).Select(i => MathF.Sin(i))];
        var expected = tensor(x).to(ScalarType.BFloat16).to(ScalarType.Float32).data<float>().ToArray();
        using var linear = new Bf16Linear(ones(1, 1).to(ScalarType.BFloat16), null, 1);
        Assert.Equal(expected, Linears.Apply(linear, x, 1, 1));
        // In one row the vectors round, not the rest behind them.
        float[] rows = [.. x.SelectMany(value => Enumerable.Repeat(value, 64))];
        using var wide = new Bf16Linear(ones(1, 64).to(ScalarType.BFloat16) / 64, null, 1);
        Assert.Equal(expected, Linears.Apply(wide, rows, 64, 1));
    }
}
