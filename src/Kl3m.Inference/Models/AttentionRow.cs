using System.Runtime.Intrinsics;

namespace Kl3m.Inference.Models;

/// <summary>
/// softmax(q K^T) V for one query and one head, in fp32. The order of all additions follows from the positions alone. Keys come in blocks
/// of 16 tokens side by side, so a vector holds the scores of 16 tokens; four blocks at a time keep the units busy.
/// </summary>
/// <param name="length">Tokens that the query sees.</param>
/// <param name="scores">Room for <paramref name="length"/> floats, filled up to whole blocks, aligned to 64 bytes.</param>
internal readonly unsafe ref struct AttentionRow(BlockPool pool, int layer, int head, ReadOnlySpan<int> blocks, int length, float* scores)
{
    private const int Width = BlockPool.BlockTokens;
    private readonly ReadOnlySpan<int> blocks = blocks;

    /// <summary>Fills the scores with the weights of the values, before they are divided by their sum.</summary>
    /// <param name="query">[head dim], scaled.</param>
    public void Score(float* query)
    {
        var (dim, used) = (pool.HeadDim, BlockPool.BlocksOf(length));
        var i = 0;
        for (; i + 4 <= used; i += 4)
        {
            Four(query, dim, Keys(i), Keys(i + 1), Keys(i + 2), Keys(i + 3), scores + i * Width);
        }
        for (; i < used; i++)
        {
            One(query, dim, Keys(i), scores + i * Width);
        }
        for (var hidden = length; hidden < used * Width; hidden++)
        {
            scores[hidden] = float.NegativeInfinity;
        }
        Exponentiate(used);
    }

    /// <summary>The values' mean under the weights.</summary>
    /// <param name="output">[head dim].</param>
    public void Weigh(float* output)
    {
        var (dim, stride) = (pool.HeadDim, pool.ValueStride);
        var scale = 1 / Sum();
        var padded = stackalloc float[stride];
        var first = 0;
        for (; first + 4 * Width <= stride; first += 4 * Width)
        {
            WeighFour(first, scale, padded + first);
        }
        for (; first < stride; first += Width)
        {
            WeighOne(first, scale, padded + first);
        }
        new Span<float>(padded, dim).CopyTo(new(output, dim));
    }

    private float* Keys(int i) => pool.Keys(blocks[i], layer) + head * pool.HeadDim * Width;

    private float* Values(int i) => pool.Values(blocks[i], layer) + head * pool.ValueStride * Width;

    // Even and odd dimensions have sums of their own, here as in One: a block's scores must not depend on how many others there are.
    private static void Four(float* query, int dim, float* k0, float* k1, float* k2, float* k3, float* result)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        var d = 0;
        for (; d + 2 <= dim; d += 2)
        {
            var (even, odd) = (Vector512.Create(query[d]), Vector512.Create(query[d + 1]));
            var (at, next) = (d * Width, (d + 1) * Width);
            a0 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k0 + at), a0);
            a1 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k1 + at), a1);
            a2 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k2 + at), a2);
            a3 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k3 + at), a3);
            b0 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(k0 + next), b0);
            b1 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(k1 + next), b1);
            b2 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(k2 + next), b2);
            b3 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(k3 + next), b3);
        }
        if (d < dim)
        {
            var even = Vector512.Create(query[d]);
            a0 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k0 + d * Width), a0);
            a1 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k1 + d * Width), a1);
            a2 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k2 + d * Width), a2);
            a3 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k3 + d * Width), a3);
        }
        (a0 + b0).Store(result);
        (a1 + b1).Store(result + Width);
        (a2 + b2).Store(result + 2 * Width);
        (a3 + b3).Store(result + 3 * Width);
    }

    private static void One(float* query, int dim, float* keys, float* result)
    {
        Vector512<float> a = default, b = default;
        var d = 0;
        for (; d + 2 <= dim; d += 2)
        {
            a = Vector512.FusedMultiplyAdd(Vector512.Create(query[d]), Vector512.Load(keys + d * Width), a);
            b = Vector512.FusedMultiplyAdd(Vector512.Create(query[d + 1]), Vector512.Load(keys + (d + 1) * Width), b);
        }
        if (d < dim)
        {
            a = Vector512.FusedMultiplyAdd(Vector512.Create(query[d]), Vector512.Load(keys + d * Width), a);
        }
        (a + b).Store(result);
    }

    private void Exponentiate(int used)
    {
        var highest = Vector512.LoadAligned(scores);
        for (var i = 1; i < used; i++)
        {
            highest = Vector512.Max(highest, Vector512.LoadAligned(scores + i * Width));
        }
        var most = Vector512.Create(Highest(highest));
        for (var i = 0; i < used; i++)
        {
            Vector512.Exp(Vector512.LoadAligned(scores + i * Width) - most).StoreAligned(scores + i * Width);
        }
    }

    private static float Highest(Vector512<float> vector)
    {
        var most = vector[0];
        for (var i = 1; i < Width; i++)
        {
            most = MathF.Max(most, vector[i]);
        }
        return most;
    }

    private float Sum()
    {
        Vector512<float> sum = default;
        for (var i = 0; i < BlockPool.BlocksOf(length); i++)
        {
            sum += Vector512.LoadAligned(scores + i * Width);
        }
        return Vector512.Sum(sum);
    }

    // Tokens at even and odd places have sums of their own, here as in WeighOne.
    private void WeighFour(int first, float scale, float* result)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        var stride = pool.ValueStride;
        for (var done = 0; done < length; done += Width)
        {
            var values = Values(done / Width) + first;
            var weights = scores + done;
            var tokens = Math.Min(Width, length - done);
            var t = 0;
            for (; t + 2 <= tokens; t += 2, values += 2 * stride)
            {
                var (even, odd) = (Vector512.Create(weights[t]), Vector512.Create(weights[t + 1]));
                var next = values + stride;
                a0 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values), a0);
                a1 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values + Width), a1);
                a2 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values + 2 * Width), a2);
                a3 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values + 3 * Width), a3);
                b0 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(next), b0);
                b1 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(next + Width), b1);
                b2 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(next + 2 * Width), b2);
                b3 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(next + 3 * Width), b3);
            }
            if (t < tokens)
            {
                var even = Vector512.Create(weights[t]);
                a0 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values), a0);
                a1 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values + Width), a1);
                a2 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values + 2 * Width), a2);
                a3 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values + 3 * Width), a3);
            }
        }
        ((a0 + b0) * scale).Store(result);
        ((a1 + b1) * scale).Store(result + Width);
        ((a2 + b2) * scale).Store(result + 2 * Width);
        ((a3 + b3) * scale).Store(result + 3 * Width);
    }

    private void WeighOne(int first, float scale, float* result)
    {
        Vector512<float> a = default, b = default;
        var stride = pool.ValueStride;
        for (var done = 0; done < length; done += Width)
        {
            var values = Values(done / Width) + first;
            var weights = scores + done;
            var tokens = Math.Min(Width, length - done);
            for (var t = 0; t < tokens; t++, values += stride)
            {
                if (t % 2 == 0)
                {
                    a = Vector512.FusedMultiplyAdd(Vector512.Create(weights[t]), Vector512.Load(values), a);
                }
                else
                {
                    b = Vector512.FusedMultiplyAdd(Vector512.Create(weights[t]), Vector512.Load(values), b);
                }
            }
        }
        ((a + b) * scale).Store(result);
    }
}
