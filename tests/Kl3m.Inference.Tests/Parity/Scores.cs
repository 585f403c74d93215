namespace Kl3m.Inference.Tests.Parity;

/// <summary>Arithmetic on rows of logits, in double so that the goldens' rounding is all there is.</summary>
internal static class Scores
{
    public static double[] LogSoftmax(ReadOnlySpan<float> logits)
    {
        var max = double.NegativeInfinity;
        foreach (var logit in logits)
        {
            max = Math.Max(max, logit);
        }
        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - max);
        }
        var result = new double[logits.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = logits[i] - max - Math.Log(sum);
        }
        return result;
    }

    public static int Argmax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    public static void Close(IReadOnlyList<float> expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Count, actual.Length);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.True(MathF.Abs(expected[i] - actual[i]) <= tolerance, $"at {i}: {actual[i]} should be {expected[i]}");
        }
    }
}
