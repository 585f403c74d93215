using Kl3m.Inference.Sampling;

namespace Kl3m.Inference.Tests.Sampling;

public sealed class SoftmaxTests
{
    [Fact]
    public void Weights_are_the_exponentials_to_the_last_place()
    {
        var scores = Enumerable.Range(0, 1 << 16).Select(i => 5 - i * 92f / (1 << 16)).ToArray();
        var weights = new float[scores.Length];
        var (sum, entropy) = Softmax.Weigh(scores, 5, weights);

        Assert.Equal(1, weights[0]);
        Assert.All(scores.Zip(weights), pair =>
        {
            var exact = Math.Exp((double)(pair.First - 5));
            Assert.InRange(pair.Second / exact, pair.First - 5 > -87.2f ? 1 - 1.2e-7 : 0, 1 + 1.2e-7);
        });
        Assert.Equal(weights.Sum(w => (double)w), sum, 1e-6);
        Assert.Equal(-weights.Where(w => w > 0).Sum(w => w / sum * Math.Log(w / sum)), entropy, 1e-6);
    }

    [Theory]
    [InlineData(-88)]
    [InlineData(-1e30f)]
    [InlineData(float.MinValue)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_too_unlikely_for_a_float_weighs_nothing(float score)
    {
        float[] scores = [0, .. Enumerable.Repeat(score, 15)];
        var weights = new float[16];
        var (sum, entropy) = Softmax.Weigh(scores, 0, weights);
        Assert.Equal([1, .. new float[15]], weights);
        Assert.Equal((1, 0), (sum, entropy));
    }
}
