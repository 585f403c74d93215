namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>Pearson's test of counts against what was to be expected.</summary>
/// <param name="DegreesOfFreedom">Classes less one; 0 where there is nothing to test.</param>
/// <param name="P">How often true shares give a distance as large as this one; 1 where there is nothing to test.</param>
public readonly record struct ChiSquare(double Statistic, int DegreesOfFreedom, double P)
{
    /// <summary>Classes that expect fewer hits than this are counted together: below it the distribution of the statistic is not the one assumed.</summary>
    public const double LeastExpected = 5;

    public static ChiSquare Of(IReadOnlyList<double> shares, IReadOnlyList<int> counts)
    {
        double total = counts.Sum();
        var (statistic, classes) = (0.0, 0);
        var (pooledExpected, pooledCount) = (0.0, 0.0);
        var (leastExpected, leastCount) = (double.PositiveInfinity, 0.0);
        void Add(double expected, double count)
        {
            statistic += (count - expected) * (count - expected) / expected;
            classes++;
        }
        for (var i = 0; i < shares.Count; i++)
        {
            var expected = shares[i] * total;
            if (expected < LeastExpected)
            {
                pooledExpected += expected;
                pooledCount += counts[i];
            }
            else if (expected < leastExpected)
            {
                if (double.IsFinite(leastExpected))
                {
                    Add(leastExpected, leastCount);
                }
                (leastExpected, leastCount) = (expected, counts[i]);
            }
            else
            {
                Add(expected, counts[i]);
            }
        }
        // A pool that is still too small joins the smallest class that stood alone.
        if (pooledExpected >= LeastExpected || !double.IsFinite(leastExpected))
        {
            if (pooledExpected > 0)
            {
                Add(pooledExpected, pooledCount);
            }
            (pooledExpected, pooledCount) = (0, 0);
        }
        if (double.IsFinite(leastExpected))
        {
            Add(leastExpected + pooledExpected, leastCount + pooledCount);
        }
        return classes < 2 ? new(0, 0, 1) : new(statistic, classes - 1, UpperTail(statistic, classes - 1));
    }

    /// <summary>The regularised upper incomplete gamma function Q(k/2, x/2), by its series below and Lentz's continued fraction above the mean (Press et al., "Numerical Recipes", 6.2).</summary>
    internal static double UpperTail(double statistic, int degreesOfFreedom)
    {
        var (a, x) = (degreesOfFreedom / 2.0, statistic / 2);
        if (x <= 0)
        {
            return 1;
        }
        var front = Math.Exp(a * Math.Log(x) - x - LogGamma(a));
        if (x < a + 1)
        {
            var (term, sum) = (1 / a, 1 / a);
            for (var n = 1; n < 10_000 && term > sum * 1e-16; n++)
            {
                term *= x / (a + n);
                sum += term;
            }
            return Math.Clamp(1 - front * sum, 0, 1);
        }
        const double Tiny = 1e-300;
        var b = x + 1 - a;
        var c = 1 / Tiny;
        var d = 1 / b;
        var fraction = d;
        for (var n = 1; n < 10_000; n++)
        {
            var step = -n * (n - a);
            b += 2;
            d = 1 / NotZero(step * d + b);
            c = NotZero(b + step / c);
            fraction *= d * c;
            if (Math.Abs(d * c - 1) < 1e-15)
            {
                break;
            }
        }
        return Math.Clamp(front * fraction, 0, 1);
        static double NotZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;
    }

    /// <summary>Lanczos' approximation with Godfrey's coefficients (g = 7), good to 15 digits for arguments from 0.5.</summary>
    private static double LogGamma(double x)
    {
        double[] coefficients =
        [
            676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
        ];
        var sum = 0.99999999999980993;
        for (var i = 0; i < coefficients.Length; i++)
        {
            sum += coefficients[i] / (x + i);
        }
        var t = x + coefficients.Length - 1.5;
        return 0.5 * Math.Log(2 * Math.PI) + (x - 0.5) * Math.Log(t) - t + Math.Log(sum);
    }
}
