using System.Runtime.Intrinsics;
using Kl3m.Inference.Models.Host;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Models.Host;

public sealed unsafe class RowKernelsTests
{
    /// <summary>Lengths with and without a rest that no vector takes.</summary>
    public static TheoryData<int> Lengths => [1, 15, 16, 24, 33, 64, 250];

    [Fact]
    public void Gelu_is_the_exact_one_everywhere()
    {
        var x = Enumerable.Range(-60_000, 120_001).Select(i => i / 4000f).ToArray();
        using var wide = tensor(x).to(ScalarType.Float64);
        var expected = nn.functional.gelu(wide).data<double>().ToArray();
        fixed (float* values = x)
        {
            RowKernels.Gelu(values, x.Length);
        }
        Assert.All(expected.Zip(x), pair => Assert.Equal(pair.First, pair.Second, 1.5e-6 + 5e-7 * Math.Abs(pair.First)));
    }

    [Fact]
    public void An_exponential_of_what_is_not_above_zero_is_as_exact_as_fp32_allows_and_zero_far_below()
    {
        for (var i = 0; i <= 870_000; i += 16)
        {
            var x = Vector512.Create(-i / 10_000f) - Vector512<float>.Indices / 10_000f;
            var result = RowKernels.Exp(x);
            for (var lane = 0; lane < Vector512<float>.Count; lane++)
            {
                var expected = x[lane] > -87 ? Math.Exp(x[lane]) : 0;
                Assert.Equal(expected, result[lane], 2e-7 * expected);
            }
        }
        Assert.Equal(Vector512<float>.One, RowKernels.Exp(Vector512<float>.Zero));
        Assert.Equal(Vector512<float>.Zero, RowKernels.Exp(Vector512.Create(float.NegativeInfinity)));
    }

    [Theory, MemberData(nameof(Lengths))]
    public void A_number_becomes_the_same_in_a_vector_and_in_the_rest(int length)
    {
        var x = Enumerable.Repeat(0.7f, length).ToArray();
        fixed (float* values = x)
        {
            RowKernels.Gelu(values, length);
        }
        Assert.Single(x.Distinct());
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Normalising_takes_mean_and_spread_away(int length)
    {
        var random = new Random(length);
        var (x, weight, bias, y) = (Numbers(), Numbers(), Numbers(), new float[length]);
        fixed (float* px = x, pw = weight, pb = bias, py = y)
        {
            RowKernels.Normalise(px, length, pw, pb, 1e-5f, py);
        }
        var mean = x.Average(value => (double)value);
        var variance = x.Average(value => (value - mean) * (value - mean));
        for (var i = 0; i < length; i++)
        {
            Assert.Equal((x[i] - mean) / Math.Sqrt(variance + 1e-5) * weight[i] + bias[i], y[i], 1e-5);
        }

        float[] Numbers() => [.. Enumerable.Range(0, length).Select(_ => 3 * random.NextSingle() + 2)];
    }

    [Theory, MemberData(nameof(Lengths))]
    public void Branches_are_added_in_transformers_order(int length)
    {
        // 1e8 swallows 1 in fp32: the order shows.
        var (mlp, attended, x) = (Filled(1e8f), Filled(-1e8f), Filled(1f));
        fixed (float* a = mlp, b = attended, c = x)
        {
            RowKernels.AddBranches(a, b, c, length);
            Assert.All(x, value => Assert.Equal(1f, value));
            RowKernels.Add(a, c, length);
        }
        Assert.All(x, value => Assert.Equal(1e8f + 1, value));

        float[] Filled(float value) => [.. Enumerable.Repeat(value, length)];
    }
}
