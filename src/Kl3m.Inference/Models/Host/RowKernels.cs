using System.Runtime.Intrinsics;

namespace Kl3m.Inference.Models.Host;

/// <summary>What stands between the linears, row by row in fp32. Rows whose length no vector divides end in single numbers.</summary>
internal static unsafe class RowKernels
{
    private const int Lanes = 16;

    /// <summary>(x - mean) / sqrt(variance + epsilon) * weight + bias over a row.</summary>
    public static void Normalise(float* x, int length, float* weight, float* bias, float epsilon, float* y)
    {
        var mean = Sum(x, length, 0, squared: false) / length;
        var scale = 1 / MathF.Sqrt(Sum(x, length, mean, squared: true) / length + epsilon);
        var i = 0;
        var (means, scales) = (Vector512.Create(mean), Vector512.Create(scale));
        for (; i + Lanes <= length; i += Lanes)
        {
            var normal = (Vector512.Load(x + i) - means) * scales;
            Vector512.FusedMultiplyAdd(normal, Vector512.Load(weight + i), Vector512.Load(bias + i)).Store(y + i);
        }
        for (; i < length; i++)
        {
            y[i] = MathF.FusedMultiplyAdd((x[i] - mean) * scale, weight[i], bias[i]);
        }
    }

    /// <summary>x = mlp + attended + x, in transformers' order.</summary>
    public static void AddBranches(float* mlp, float* attended, float* x, long count)
    {
        var i = 0L;
        for (; i + Lanes <= count; i += Lanes)
        {
            (Vector512.Load(mlp + i) + Vector512.Load(attended + i) + Vector512.Load(x + i)).Store(x + i);
        }
        for (; i < count; i++)
        {
            x[i] = mlp[i] + attended[i] + x[i];
        }
    }

    /// <summary>x = branch + x.</summary>
    public static void Add(float* branch, float* x, long count)
    {
        var i = 0L;
        for (; i + Lanes <= count; i += Lanes)
        {
            (Vector512.Load(branch + i) + Vector512.Load(x + i)).Store(x + i);
        }
        for (; i < count; i++)
        {
            x[i] = branch[i] + x[i];
        }
    }

    /// <summary>x Phi(x), Phi the normal distribution function: 0.5 x (1 + erf(x / sqrt(2))).</summary>
    public static void Gelu(float* x, long count)
    {
        var i = 0L;
        for (; i + Lanes <= count; i += Lanes)
        {
            Gelu(Vector512.Load(x + i)).Store(x + i);
        }
        for (; i < count; i++)
        {
            x[i] = Gelu(Vector512.CreateScalar(x[i])).ToScalar();
        }
    }

    /// <summary>Scores to weights, e to what each is below the highest.</summary>
    /// <param name="scores">Aligned to 64 bytes.</param>
    /// <param name="count">Whole vectors of 16.</param>
    /// <returns>Their sum.</returns>
    public static float Exponentiate(float* scores, int count)
    {
        var end = scores + count;
        var highest = Vector512.LoadAligned(scores);
        for (var at = scores + Lanes; at < end; at += Lanes)
        {
            highest = Vector512.Max(highest, Vector512.LoadAligned(at));
        }
        var most = highest[0];
        for (var i = 1; i < Lanes; i++)
        {
            most = MathF.Max(most, highest[i]);
        }
        var shift = Vector512.Create(most);
        Vector512<float> sum = default;
        for (var at = scores; at < end; at += Lanes)
        {
            var weights = Exp(Vector512.LoadAligned(at) - shift);
            weights.StoreAligned(at);
            sum += weights;
        }
        return Vector512.Sum(sum);
    }

    /// <summary>
    /// e^x for x up to 0, within 2e-7 of it; 0 below -87, where fp32 has no more full numbers. e^x = 2^n e^r with |r| up to ln(2) / 2, and e^r by its
    /// series; .NET's own computes in fp64 and takes three times as long.
    /// </summary>
    public static Vector512<float> Exp(Vector512<float> x)
    {
        var n = Vector512.Round(x * Vector512.Create(1.44269504f));
        // ln(2) in two parts, of which the first times n is exact.
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        var p = Vector512.Create(1 / 5040f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1 / 720f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1 / 120f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1 / 24f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1 / 6f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(0.5f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512<float>.One);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512<float>.One);
        // p 2^n: n is added to the exponent's bits.
        var result = (p.AsInt32() + (Vector512.ConvertToInt32(n) << 23)).AsSingle();
        return Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(-87f)), result, Vector512<float>.Zero);
    }

    private static Vector512<float> Gelu(Vector512<float> x)
    {
        var half = x * Vector512.Create(0.5f);
        return Vector512.FusedMultiplyAdd(half, Erf(x * Vector512.Create(0.70710678f)), half);
    }

    /// <summary>
    /// A quotient of polynomials, the one of Eigen's vectorised erf (unsupported/Eigen, generic_fast_erf_float); off by less than 5e-7. Beyond 4, fp32 has only 1.
    /// </summary>
    private static Vector512<float> Erf(Vector512<float> x)
    {
        x = Vector512.Min(Vector512.Max(x, Vector512.Create(-4f)), Vector512.Create(4f));
        var s = x * x;
        var p = Vector512.Create(-2.72614225801306e-10f);
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(2.77068142495902e-08f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(-2.10102402082508e-06f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(-5.69250639462346e-05f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(-7.34990630326855e-04f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(-2.95459980854025e-03f));
        p = Vector512.FusedMultiplyAdd(p, s, Vector512.Create(-1.60960333262415e-02f));
        var q = Vector512.Create(-1.45660718464996e-05f);
        q = Vector512.FusedMultiplyAdd(q, s, Vector512.Create(-2.13374055278905e-04f));
        q = Vector512.FusedMultiplyAdd(q, s, Vector512.Create(-1.68282697438203e-03f));
        q = Vector512.FusedMultiplyAdd(q, s, Vector512.Create(-7.37332916720468e-03f));
        q = Vector512.FusedMultiplyAdd(q, s, Vector512.Create(-1.42647390514189e-02f));
        return x * p / q;
    }

    private static float Sum(float* x, int length, float mean, bool squared)
    {
        var means = Vector512.Create(mean);
        var (sums, others) = (Vector512<float>.Zero, Vector512<float>.Zero);
        var i = 0;
        for (; i + 2 * Lanes <= length; i += 2 * Lanes)
        {
            var (a, b) = (Vector512.Load(x + i) - means, Vector512.Load(x + i + Lanes) - means);
            sums += squared ? a * a : a;
            others += squared ? b * b : b;
        }
        var sum = Vector512.Sum(sums + others);
        for (; i < length; i++)
        {
            var a = x[i] - mean;
            sum += squared ? a * a : a;
        }
        return sum;
    }
}
