using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Kl3m.Inference.Models.Host;

namespace Kl3m.Inference.Models;

/// <summary>
/// softmax(q K^T) V for up to four queries of one head, in fp32. Blocks that all of them see are loaded once for the four. The order of a
/// row's additions follows from the positions of its tokens alone: sums over even and odd dimensions of a query, and over even and odd tokens
/// of the values, are kept apart in every path, whether a row is done with others or by itself.
/// </summary>
internal readonly unsafe ref struct AttentionRows(BlockPool pool, int layer, int head)
{
    public const int Most = 4;

    private const int Width = BlockPool.BlockTokens;

    /// <summary>Blocks that are asked for before they are read.</summary>
    private const int Ahead = 4;

    /// <param name="next">Those that come after: what they alone will read is asked for while these are computed.</param>
    public void Attend(ReadOnlySpan<AttentionRow> rows, ReadOnlySpan<AttentionRow> next)
    {
        var shared = rows.Length == Most ? SharedBlocks(rows) : 0;
        for (var block = 0; block < shared; block++)
        {
            ScoreTogether(rows, Keys(rows[0].Blocks[block]), block * Width);
        }
        var sums = stackalloc float[Most];
        var together = shared * Width;
        for (var i = 0; i < rows.Length; i++)
        {
            if (i + 1 < rows.Length)
            {
                Fetch(rows[i + 1], shared, Ahead, keys: true);
            }
            Fetch(rows[i], shared, Ahead, keys: false);
            Score(rows[i], shared);
            sums[i] = RowKernels.Exponentiate(rows[i].Scores, rows[i].BlockCount * Width);
            together = Math.Min(together, rows[i].Length);
        }
        if (next.Length > 0)
        {
            Fetch(next[0], SharedBlocks([rows[0], next[0]]), Ahead, keys: true);
        }
        Weigh(rows, together & ~1, sums);
    }

    /// <summary>Asks for one head's keys or values of some blocks: each block's lie by themselves, where the processor does not look ahead.</summary>
    private void Fetch(in AttentionRow row, int first, int count, bool keys)
    {
        if (!Sse.IsSupported)
        {
            return;
        }
        for (var (i, end) = (first, Math.Min(first + count, row.BlockCount)); i < end; i++)
        {
            var from = keys ? Keys(row.Blocks[i]) : Values(row.Blocks[i]);
            for (var last = from + pool.HeadDim * Width; from < last; from += Width)
            {
                Sse.Prefetch1(from);
            }
        }
    }

    private float* Keys(int block) => pool.Keys(block, layer) + head * pool.HeadDim * Width;

    private float* Values(int block) => pool.Values(block, layer) + head * pool.ValueStride * Width;

    private static int SharedBlocks(ReadOnlySpan<AttentionRow> rows)
    {
        var count = rows[0].BlockCount;
        for (var i = 1; i < rows.Length; i++)
        {
            count = Math.Min(count, rows[i].BlockCount);
            count = new ReadOnlySpan<int>(rows[0].Blocks, count).CommonPrefixLength(new ReadOnlySpan<int>(rows[i].Blocks, count));
        }
        return count;
    }

    private void ScoreTogether(ReadOnlySpan<AttentionRow> rows, float* keys, int token)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        var dim = pool.HeadDim;
        float* q0 = rows[0].Query, q1 = rows[1].Query, q2 = rows[2].Query, q3 = rows[3].Query;
        var d = 0;
        for (; d + 2 <= dim; d += 2, keys += 2 * Width)
        {
            var (even, odd) = (Vector512.Load(keys), Vector512.Load(keys + Width));
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(q0[d]), even, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(q1[d]), even, a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.Create(q2[d]), even, a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.Create(q3[d]), even, a3);
            b0 = Vector512.FusedMultiplyAdd(Vector512.Create(q0[d + 1]), odd, b0);
            b1 = Vector512.FusedMultiplyAdd(Vector512.Create(q1[d + 1]), odd, b1);
            b2 = Vector512.FusedMultiplyAdd(Vector512.Create(q2[d + 1]), odd, b2);
            b3 = Vector512.FusedMultiplyAdd(Vector512.Create(q3[d + 1]), odd, b3);
        }
        if (d < dim)
        {
            var even = Vector512.Load(keys);
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(q0[d]), even, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(q1[d]), even, a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.Create(q2[d]), even, a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.Create(q3[d]), even, a3);
        }
        (a0 + b0).StoreAligned(rows[0].Scores + token);
        (a1 + b1).StoreAligned(rows[1].Scores + token);
        (a2 + b2).StoreAligned(rows[2].Scores + token);
        (a3 + b3).StoreAligned(rows[3].Scores + token);
    }

    private void Score(in AttentionRow row, int first)
    {
        var (dim, used) = (pool.HeadDim, row.BlockCount);
        var i = first;
        for (; i + 2 <= used; i += 2)
        {
            Fetch(row, i + Ahead, 2, keys: true);
            ScoreTwo(row.Query, dim, Keys(row.Blocks[i]), Keys(row.Blocks[i + 1]), row.Scores + i * Width);
        }
        if (i < used)
        {
            ScoreTwo(row.Query, dim, Keys(row.Blocks[i]), null, row.Scores + i * Width);
        }
        for (var hidden = row.Length; hidden < used * Width; hidden++)
        {
            row.Scores[hidden] = float.NegativeInfinity;
        }
    }

    /// <param name="k1">The second block, which there need not be.</param>
    private static void ScoreTwo(float* query, int dim, float* k0, float* k1, float* result)
    {
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default;
        var other = k1 is null ? k0 : k1;
        var d = 0;
        for (; d + 2 <= dim; d += 2)
        {
            var (even, odd) = (Vector512.Create(query[d]), Vector512.Create(query[d + 1]));
            a0 = Vector512.FusedMultiplyAdd(even, Vector512.Load(k0 + d * Width), a0);
            a1 = Vector512.FusedMultiplyAdd(even, Vector512.Load(other + d * Width), a1);
            b0 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(k0 + (d + 1) * Width), b0);
            b1 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(other + (d + 1) * Width), b1);
        }
        if (d < dim)
        {
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(query[d]), Vector512.Load(k0 + d * Width), a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(query[d]), Vector512.Load(other + d * Width), a1);
        }
        (a0 + b0).StoreAligned(result);
        if (k1 is not null)
        {
            (a1 + b1).StoreAligned(result + Width);
        }
    }

    /// <summary>The values' means under the weights, two vectors of the head dimension at a time.</summary>
    /// <param name="together">Tokens that are done for all rows at once; even.</param>
    private void Weigh(ReadOnlySpan<AttentionRow> rows, int together, float* sums)
    {
        var (dim, stride) = (pool.HeadDim, pool.ValueStride);
        var state = stackalloc float[Most * 4 * Width];
        var result = stackalloc float[2 * Width];
        for (var first = 0; first < dim; first += 2 * Width)
        {
            if (together > 0)
            {
                WeighTogether(rows, first, stride, together, state);
            }
            for (var i = 0; i < rows.Length; i++)
            {
                WeighRest(rows[i], first, stride, together, together > 0 ? state + i * 4 * Width : null, 1 / sums[i], result);
                var count = Math.Min(2 * Width, dim - first);
                new Span<float>(result, count).CopyTo(new(rows[i].Output + first, count));
            }
        }
    }

    /// <param name="state">For each row the sums over even and odd tokens, of two vectors each.</param>
    private void WeighTogether(ReadOnlySpan<AttentionRow> rows, int first, int stride, int tokens, float* state)
    {
        Vector512<float> a00 = default, a01 = default, a10 = default, a11 = default, a20 = default, a21 = default, a30 = default, a31 = default;
        Vector512<float> b00 = default, b01 = default, b10 = default, b11 = default, b20 = default, b21 = default, b30 = default, b31 = default;
        float* w0 = rows[0].Scores, w1 = rows[1].Scores, w2 = rows[2].Scores, w3 = rows[3].Scores;
        var blocks = rows[0].Blocks;
        for (var done = 0; done < tokens; done += Width)
        {
            var values = Values(blocks[done / Width]) + first;
            var end = Math.Min(done + Width, tokens);
            for (var t = done; t < end; t += 2, values += 2 * stride)
            {
                var (even0, even1) = (Vector512.Load(values), Vector512.Load(values + Width));
                var (odd0, odd1) = (Vector512.Load(values + stride), Vector512.Load(values + stride + Width));
                var weight = Vector512.Create(w0[t]);
                a00 = Vector512.FusedMultiplyAdd(weight, even0, a00);
                a01 = Vector512.FusedMultiplyAdd(weight, even1, a01);
                weight = Vector512.Create(w1[t]);
                a10 = Vector512.FusedMultiplyAdd(weight, even0, a10);
                a11 = Vector512.FusedMultiplyAdd(weight, even1, a11);
                weight = Vector512.Create(w2[t]);
                a20 = Vector512.FusedMultiplyAdd(weight, even0, a20);
                a21 = Vector512.FusedMultiplyAdd(weight, even1, a21);
                weight = Vector512.Create(w3[t]);
                a30 = Vector512.FusedMultiplyAdd(weight, even0, a30);
                a31 = Vector512.FusedMultiplyAdd(weight, even1, a31);
                weight = Vector512.Create(w0[t + 1]);
                b00 = Vector512.FusedMultiplyAdd(weight, odd0, b00);
                b01 = Vector512.FusedMultiplyAdd(weight, odd1, b01);
                weight = Vector512.Create(w1[t + 1]);
                b10 = Vector512.FusedMultiplyAdd(weight, odd0, b10);
                b11 = Vector512.FusedMultiplyAdd(weight, odd1, b11);
                weight = Vector512.Create(w2[t + 1]);
                b20 = Vector512.FusedMultiplyAdd(weight, odd0, b20);
                b21 = Vector512.FusedMultiplyAdd(weight, odd1, b21);
                weight = Vector512.Create(w3[t + 1]);
                b30 = Vector512.FusedMultiplyAdd(weight, odd0, b30);
                b31 = Vector512.FusedMultiplyAdd(weight, odd1, b31);
            }
        }
        Keep(state, a00, a01, b00, b01);
        Keep(state + 4 * Width, a10, a11, b10, b11);
        Keep(state + 8 * Width, a20, a21, b20, b21);
        Keep(state + 12 * Width, a30, a31, b30, b31);

        static void Keep(float* state, Vector512<float> a0, Vector512<float> a1, Vector512<float> b0, Vector512<float> b1)
        {
            a0.Store(state);
            a1.Store(state + Width);
            b0.Store(state + 2 * Width);
            b1.Store(state + 3 * Width);
        }
    }

    /// <summary>Goes on from the sums so far, from an even token on, and divides.</summary>
    /// <param name="state">Null where there are none.</param>
    private void WeighRest(in AttentionRow row, int first, int stride, int start, float* state, float scale, float* result)
    {
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default;
        if (state is not null)
        {
            (a0, a1, b0, b1) = (Vector512.Load(state), Vector512.Load(state + Width), Vector512.Load(state + 2 * Width), Vector512.Load(state + 3 * Width));
        }
        var weights = row.Scores;
        var length = row.Length;
        for (var t = start; t < length;)
        {
            var values = Values(row.Blocks[t / Width]) + t % Width * stride + first;
            if (first == 0)
            {
                Fetch(row, t / Width + Ahead, 1, keys: false);
            }
            var end = Math.Min((t / Width + 1) * Width, length);
            for (; t + 2 <= end; t += 2, values += 2 * stride)
            {
                var (even, odd) = (Vector512.Create(weights[t]), Vector512.Create(weights[t + 1]));
                a0 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values), a0);
                a1 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values + Width), a1);
                b0 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(values + stride), b0);
                b1 = Vector512.FusedMultiplyAdd(odd, Vector512.Load(values + stride + Width), b1);
            }
            if (t < end)
            {
                var even = Vector512.Create(weights[t++]);
                a0 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values), a0);
                a1 = Vector512.FusedMultiplyAdd(even, Vector512.Load(values + Width), a1);
            }
        }
        ((a0 + b0) * scale).Store(result);
        ((a1 + b1) * scale).Store(result + Width);
    }
}
