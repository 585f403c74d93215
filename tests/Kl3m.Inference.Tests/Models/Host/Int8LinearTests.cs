using Kl3m.Inference.Models.Host;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Models.Host;

public sealed class Int8LinearTests
{
    public static TheoryData<int, int> Shapes => new() { { 1, 1 }, { 24, 40 }, { 64, 64 }, { 7, 200 }, { 1030, 129 } };

    [Theory, MemberData(nameof(Shapes))]
    public void What_it_computes_is_off_by_what_rounding_the_weights_costs_and_hardly_more(int inputs, int outputs)
    {
        var (weight, bias, x) = (Random(outputs * inputs, 1), Random(outputs, 2), Random(6 * inputs, 3));
        var y = Apply(weight, bias, x, inputs);
        for (var n = 0; n < outputs; n++)
        {
            var row = weight.AsSpan(n * inputs, inputs).ToArray();
            var step = row.Max(Math.Abs) / 127.0;
            for (var r = 0; r < 6; r++)
            {
                var input = x.AsSpan(r * inputs, inputs).ToArray();
                var rounded = bias[n] + input.Zip(row, (a, w) => a * Math.Round(w / step, MidpointRounding.AwayFromZero) * step).Sum();
                // Halves may go either way; inputs are off by half of 1/32767 of the largest.
                var slack = input.Max(Math.Abs) / 32767.0 * row.Sum(Math.Abs) + 1e-5;
                Assert.Equal(rounded, y[r * outputs + n], slack + 1e-5 * Math.Abs(rounded));
            }
        }
    }

    [Fact]
    public void The_largest_sums_do_not_overflow()
    {
        const int Inputs = 8192;
        var y = Apply([.. Enumerable.Repeat(3f, Inputs)], [0.5f], [.. Enumerable.Repeat(-2f, 5 * Inputs)], Inputs);
        Assert.All(y, value => Assert.Equal(-6f * Inputs + 0.5f, value, 0.5f));
    }

    [Theory, MemberData(nameof(Shapes))]
    public void A_row_does_not_depend_on_how_many_there_are_or_where_it_stands(int inputs, int outputs)
    {
        var (weight, bias, x) = (Random(outputs * inputs, 1), Random(outputs, 2), Random(9 * inputs, 3));
        var all = Apply(weight, bias, x, inputs);
        for (var first = 0; first < 9; first++)
        {
            for (var rows = 1; rows <= 9 - first; rows++)
            {
                Assert.Equal(all[(first * outputs)..((first + rows) * outputs)], Apply(weight, bias, x[(first * inputs)..((first + rows) * inputs)], inputs));
            }
        }
    }

    [Fact]
    public void A_row_that_is_not_finite_stays_so_and_spoils_no_other()
    {
        float[] x = [1, float.PositiveInfinity, 1, 1, float.NaN, 1];
        var y = Apply([2, 2], [0], x, 2);
        Assert.Equal([true, false, true], y.Select(float.IsNaN));
        Assert.Equal(4, y[1], 1e-3f);
    }

    private static float[] Apply(float[] weight, float[] bias, float[] x, int inputs)
    {
        using var weightTensor = tensor(weight, bias.Length, inputs);
        using var biasTensor = tensor(bias);
        using var linear = new Int8Linear(weightTensor, biasTensor);
        return Linears.Apply(linear, x, inputs, bias.Length);
    }

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];
    }
}
