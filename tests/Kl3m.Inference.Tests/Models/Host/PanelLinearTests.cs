using Kl3m.Inference.Models.Host;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Models.Host;

public sealed class PanelLinearTests
{
    public static TheoryData<int, int> Shapes => new() { { 1, 1 }, { 24, 40 }, { 64, 64 }, { 7, 200 }, { 256, 129 } };

    [Theory, MemberData(nameof(Shapes))]
    public void It_multiplies_and_adds_the_bias(int inputs, int outputs)
    {
        var (weight, bias, x) = (Random(outputs * inputs, 1), Random(outputs, 2), Random(6 * inputs, 3));
        var y = Apply(weight, bias, x, inputs);
        for (var row = 0; row < 6; row++)
        {
            for (var n = 0; n < outputs; n++)
            {
                var expected = bias[n] + Enumerable.Range(0, inputs).Sum(k => (double)x[row * inputs + k] * weight[n * inputs + k]);
                Assert.Equal(expected, y[row * outputs + n], 1e-5 * (1 + Math.Abs(expected)));
            }
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void A_row_does_not_depend_on_how_many_there_are_or_where_it_stands(int inputs, int outputs)
    {
        var (weight, bias, x) = (Random(outputs * inputs, 1), Random(outputs, 2), Random(11 * inputs, 3));
        var all = Apply(weight, bias, x, inputs);
        for (var first = 0; first < 11; first++)
        {
            for (var rows = 1; rows <= 11 - first; rows++)
            {
                Assert.Equal(all[(first * outputs)..((first + rows) * outputs)], Apply(weight, bias, x[(first * inputs)..((first + rows) * inputs)], inputs));
            }
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Weights_that_bf16_holds_take_half_the_memory_and_give_the_same_bits(int inputs, int outputs)
    {
        var exact = Array.ConvertAll(Random(outputs * inputs, 1), value => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xFFFF0000));
        var (bias, x) = (Random(outputs, 2), Random(9 * inputs, 3));
        // One weight more than bf16 holds, in an output of its own, makes all of them wide.
        float[] wide = [.. exact, .. Enumerable.Repeat(0.1f, inputs)];
        var expected = Apply(wide, [.. bias, 0], x, inputs, bytesPerWeight: 4);
        var actual = Apply(exact, bias, x, inputs, bytesPerWeight: 2);
        for (var row = 0; row < 9; row++)
        {
            Assert.Equal(expected.AsSpan(row * (outputs + 1), outputs), actual.AsSpan(row * outputs, outputs));
        }
    }

    private static float[] Apply(float[] weight, float[] bias, float[] x, int inputs, double? bytesPerWeight = null)
    {
        var outputs = bias.Length;
        using var weightTensor = tensor(weight, outputs, inputs);
        using var biasTensor = tensor(bias);
        using var linear = new PanelLinear(weightTensor, biasTensor);
        Assert.Equal(bytesPerWeight ?? linear.BytesPerWeight, linear.BytesPerWeight);
        return Linears.Apply(linear, x, inputs, outputs);
    }

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
