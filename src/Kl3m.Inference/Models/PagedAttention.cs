using System.Runtime.Intrinsics;
using Kl3m.Inference.Models.Host;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>
/// The attention core on a CPU, over caches of blocks. Every row (a token's query) is computed by itself, its keys in the order of their
/// positions, always in the same additions: its result does not depend on which rows it came with, nor on whether its prompt was read at once,
/// in chunks, or taken over from another sequence. <see cref="AttentionRows"/> does the arithmetic.
/// </summary>
internal sealed unsafe class PagedAttention : IDisposable
{
    /// <summary>Multiplications below which a second thread costs more than it brings: keys and values come from far away, so that they are few.</summary>
    private const long WorthSharing = 200_000;

    /// <summary>Rows of one head that a thread takes at a time.</summary>
    private const int RowsPerItem = 8 * AttentionRows.Most;

    private readonly GptNeoXConfig config;
    private readonly BlockPool pool;
    private readonly Team team;
    private readonly (int Heads, int Dim, int Stride) shape;
    private readonly int turnedDims;
    private float[] cos = [];
    private float[] sin = [];
    private readonly HostMemory<float> queries = new();
    private readonly HostMemory<float> scores = new();
    private readonly RowWork store;
    private readonly RowWork attend;
    private (BlockCache Cache, int Position)[] rows = [];
    private int count;
    private long multiplications;
    private int longest;
    private int layer;
    private float* qkv;
    private float* output;
    private int taken;

    public PagedAttention(GptNeoXConfig config, BlockPool pool, Team team)
    {
        (this.config, this.pool, this.team) = (config, pool, team);
        (shape, turnedDims) = ((pool.Heads, pool.HeadDim, pool.ValueStride), config.RotaryDims);
        store = new(() => count, Store);
        // An item for each thread, which has room for scores of its own and takes rows for as long as there are any.
        attend = new(() => team.Threads, Attend);
    }

    /// <summary>Takes the rows of the next step; the caches have room for them.</summary>
    public void Begin(ReadOnlySpan<CachedChunk> chunks)
    {
        count = chunks[^1].Offset + chunks[^1].Count;
        if (rows.Length < count)
        {
            rows = new (BlockCache, int)[count];
        }
        multiplications = 0;
        longest = 0;
        foreach (var chunk in chunks)
        {
            var cache = (BlockCache)chunk.Cache;
            cache.Grow(chunk.End);
            longest = Math.Max(longest, chunk.End);
            multiplications += (long)chunk.Count * chunk.End * 2 * shape.Heads * shape.Dim;
            for (var i = 0; i < chunk.Count; i++)
            {
                rows[chunk.Offset + i] = (cache, chunk.Start + i);
            }
        }
        CoverAngles(longest);
        longest = BlockPool.BlocksOf(longest) * BlockPool.BlockTokens;
        queries.Reserve((long)count * shape.Heads * shape.Dim);
        scores.Reserve((long)team.Threads * AttentionRows.Most * longest);
    }

    /// <param name="qkv">[tokens, heads * 3 * head dim].</param>
    /// <returns>[tokens, heads * head dim], of the same type.</returns>
    public Tensor Apply(int layer, Tensor qkv)
    {
        using var wide = qkv.dtype == ScalarType.Float32 ? null : qkv.to(ScalarType.Float32);
        var result = empty([count, shape.Heads * shape.Dim], ScalarType.Float32);
        fixed (byte* source = (wide ?? qkv).bytes, target = result.bytes)
        {
            Apply(layer, (float*)source, (float*)target);
        }
        return qkv.dtype == ScalarType.Float32 ? result : result.to(qkv.dtype, disposeAfter: true);
    }

    /// <summary>The same on plain memory.</summary>
    public void Apply(int layer, float* qkv, float* output)
    {
        (this.layer, taken) = (layer, 0);
        this.qkv = qkv;
        this.output = output;
        var alone = multiplications < WorthSharing;
        team.Run(store, alone);
        team.Run(attend, alone);
    }

    public void Dispose()
    {
        queries.Dispose();
        scores.Dispose();
    }

    /// <summary>Turns a row's queries and keys, stores keys and values in its cache, keeps the queries.</summary>
    private void Store(int row)
    {
        var (cache, position) = rows[row];
        var (heads, dim, stride) = shape;
        var qkv = this.qkv + (long)row * heads * 3 * dim;
        var (block, place) = (cache.Blocks[position / BlockPool.BlockTokens], position % BlockPool.BlockTokens);
        var keys = pool.Keys(block, layer) + place;
        var values = pool.Values(block, layer) + place * stride;
        var query = queries.Start + row * heads * dim;
        var turned = stackalloc float[dim];
        var scale = 1 / MathF.Sqrt(dim);
        for (var head = 0; head < heads; head++, qkv += 3 * dim)
        {
            Turn(qkv, query, position);
            Scale(query, dim, scale);
            Turn(qkv + dim, turned, position);
            for (var d = 0; d < dim; d++)
            {
                keys[d * BlockPool.BlockTokens] = turned[d];
            }
            new Span<float>(qkv + 2 * dim, dim).CopyTo(new(values, dim));
            new Span<float>(values + dim, stride - dim).Clear();
            query += dim;
            keys += dim * BlockPool.BlockTokens;
            values += BlockPool.BlockTokens * stride;
        }
    }

    private void Attend(int thread)
    {
        var own = scores.Start + (long)thread * AttentionRows.Most * longest;
        var items = (count + RowsPerItem - 1) / RowsPerItem;
        for (var item = Interlocked.Increment(ref taken) - 1; item < items * shape.Heads; item = Interlocked.Increment(ref taken) - 1)
        {
            var first = item % items * RowsPerItem;
            Attend(item / items, first, Math.Min(count, first + RowsPerItem), own);
        }
    }

    /// <summary>Rows of a head, few at a time; those that come next are fetched meanwhile.</summary>
    private void Attend(int head, int first, int end, float* scores)
    {
        var groups = stackalloc AttentionRow[2 * AttentionRows.Most];
        var attention = new AttentionRows(pool, layer, head);
        var size = Take(first, groups);
        for (var (row, place) = (first, 0); size > 0; place = AttentionRows.Most - place)
        {
            row += size;
            var next = groups + AttentionRows.Most - place;
            var following = Take(row, next);
            attention.Attend(new(groups + place, size), new(next, following));
            size = following;
        }

        int Take(int from, AttentionRow* group)
        {
            var size = Math.Min(AttentionRows.Most, end - from);
            for (var i = 0; i < size; i++)
            {
                var (cache, position) = rows[from + i];
                var offset = ((from + i) * shape.Heads + head) * shape.Dim;
                group[i] = new(queries.Start + offset, output + offset, cache.BlockPointer, position + 1, scores + i * longest);
            }
            return size;
        }
    }

    /// <summary>Rotary embedding as in <see cref="Rotary"/>, whose tables these are.</summary>
    private void Turn(float* from, float* to, int position)
    {
        var half = turnedDims / 2;
        var table = position * turnedDims;
        for (var d = 0; d < turnedDims; d++)
        {
            to[d] = from[d] * cos[table + d] + from[d < half ? d + turnedDims - half : d - half] * sin[table + d];
        }
        new Span<float>(from + turnedDims, shape.Dim - turnedDims).CopyTo(new(to + turnedDims, shape.Dim - turnedDims));
    }

    private void CoverAngles(int positions)
    {
        if (turnedDims > 0 && cos.Length < positions * turnedDims)
        {
            // The tables are [positions, 1, 3, dims]: of query, key and value, of which the first two are the same.
            using var rotary = new Rotary(config, CPU);
            using var table = rotary.Range(0, Math.Max(positions, Math.Min(2 * cos.Length / turnedDims, 1 << 20)));
            (cos, sin) = (Host(table.Cos), Host(table.Sin));
        }

        static float[] Host(Tensor table)
        {
            using var query = table.select(2, 0);
            using var dense = query.contiguous();
            return dense.data<float>().ToArray();
        }
    }

    private static void Scale(float* numbers, int count, float factor)
    {
        var i = 0;
        for (; i + Vector512<float>.Count <= count; i += Vector512<float>.Count)
        {
            (Vector512.Load(numbers + i) * factor).Store(numbers + i);
        }
        for (; i < count; i++)
        {
            numbers[i] *= factor;
        }
    }
}
