using System.Numerics;
using System.Runtime.InteropServices;

namespace Kl3m.Inference.Sampling;

/// <summary>
/// A row of scores, one per token, that can be read in descending order (ties by lower id) without sorting it: the top few are
/// picked out and sorted first, and more only when a higher rank is asked for. To find them, the row is cut into blocks: as many
/// scores as there are block maxima at or above a bound are at least that large, and only those blocks need to be looked at.
/// </summary>
internal sealed class RankedRow
{
    private const int MaxBlocks = 512;
    private const int MinBlockSize = 16;
    private const int FirstChunk = 64;

    private readonly float[] values;
    private readonly float[] maxima;
    private readonly ulong[] keys;
    private readonly ulong[] spare;
    private readonly int blockSize;

    // Every score at or above this has been sorted into the first keys.
    private float taken;
    private int sorted;
    private int chunk;

    public RankedRow(int length)
    {
        Length = length;
        blockSize = Math.Max(MinBlockSize, RoundUp((length + MaxBlocks - 1) / MaxBlocks));
        var blocks = (length + blockSize - 1) / blockSize;
        values = new float[blocks * blockSize];
        values.AsSpan().Fill(float.NegativeInfinity);
        maxima = new float[RoundUp(blocks)];
        maxima.AsSpan().Fill(float.NegativeInfinity);
        keys = new ulong[values.Length];
        spare = new ulong[values.Length];
    }

    public int Length { get; }

    public Span<float> Values => values.AsSpan(0, Length);

    /// <summary>The scores and, up to a multiple of the vector width, negative infinity.</summary>
    public float[] Padded => values;

    /// <summary>The largest score; NaN if any is.</summary>
    public float Max { get; private set; }

    /// <summary>How many scores are above negative infinity.</summary>
    public int Count { get; private set; }

    /// <summary>The token with so many before it in descending order; from 0.</summary>
    public int this[int rank]
    {
        get
        {
            while (rank >= sorted && sorted < keys.Length)
            {
                Widen();
            }
            return (int)(uint)keys[rank];
        }
    }

    public void Load(ReadOnlySpan<float> scores)
    {
        scores.CopyTo(Values);
        Index();
    }

    /// <summary>To be called when <see cref="Values"/> were changed and before anything else is read.</summary>
    public void Index()
    {
        var step = blockSize / Vector<float>.Count;
        var all = MemoryMarshal.Cast<float, Vector<float>>(values);
        var lowest = new Vector<float>(float.NegativeInfinity);
        var missing = Vector<int>.Zero;
        Max = float.NegativeInfinity;
        for (var block = 0; block * step < all.Length; block++)
        {
            var max = lowest;
            foreach (var vector in all.Slice(block * step, step))
            {
                max = Vector.Max(max, vector);
                missing -= Vector.Equals(vector, lowest);
            }
            var largest = max[0];
            for (var lane = 1; lane < Vector<float>.Count; lane++)
            {
                largest = MathF.Max(largest, max[lane]);
            }
            maxima[block] = largest;
            Max = MathF.Max(Max, largest);
        }
        Count = values.Length - Vector.Sum(missing);
        taken = float.PositiveInfinity;
        sorted = chunk = 0;
    }

    /// <summary>The token's place in descending order, from 0.</summary>
    public int RankOf(int tokenId)
    {
        var value = new Vector<float>(values[tokenId]);
        var all = MemoryMarshal.Cast<float, Vector<float>>(values);
        var own = tokenId / Vector<float>.Count;
        var before = Vector<int>.Zero;
        foreach (var vector in all[..own])
        {
            before -= Vector.GreaterThanOrEqual(vector, value);
        }
        foreach (var vector in all[(own + 1)..])
        {
            before -= Vector.GreaterThan(vector, value);
        }
        var rank = Vector.Sum(before);
        for (var id = own * Vector<float>.Count; id < (own + 1) * Vector<float>.Count; id++)
        {
            rank += values[id] > values[tokenId] || (values[id] == values[tokenId] && id < tokenId) ? 1 : 0;
        }
        return rank;
    }

    /// <summary>A number that ascends where the order of tokens does.</summary>
    public ulong Key(int tokenId)
    {
        // Adding 0 turns -0 into 0, which it equals.
        return ((ulong)((uint)~Ordered(values[tokenId] + 0f) ^ 0x8000_0000) << 32) | (uint)tokenId;
    }

    private void Widen()
    {
        var blocks = values.Length / blockSize;
        var floor = float.NegativeInfinity;
        if (chunk < blocks)
        {
            chunk = Math.Min(blocks, chunk == 0 ? FirstChunk : chunk * 4);
            floor = LargestMaximum(chunk);
        }
        var start = sorted;
        for (var block = 0; block < blocks; block++)
        {
            if (maxima[block] >= floor)
            {
                Collect(block * blockSize, floor);
            }
        }
        taken = floor;
        KeySort.Sort(keys.AsSpan(start, sorted - start), spare);
    }

    private void Collect(int start, float floor)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values.AsSpan(start, blockSize));
        for (var i = 0; i < vectors.Length; i++)
        {
            if (!Vector.GreaterThanOrEqualAny(vectors[i], new Vector<float>(floor)))
            {
                continue;
            }
            var first = start + i * Vector<float>.Count;
            for (var id = first; id < first + Vector<float>.Count; id++)
            {
                if (values[id] >= floor && values[id] < taken)
                {
                    keys[sorted++] = Key(id);
                }
            }
        }
    }

    /// <summary>The block maximum with so many at or above it, by bisection over all floats in their order: no bad cases, no branches.</summary>
    private float LargestMaximum(int count)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(maxima);
        long low = Ordered(float.NegativeInfinity), high = Ordered(Max) + 1L;
        while (high - low > 1)
        {
            var middle = (low + high) >> 1;
            var bound = new Vector<float>(Unordered((int)middle));
            var above = Vector<int>.Zero;
            foreach (var vector in vectors)
            {
                above -= Vector.GreaterThanOrEqual(vector, bound);
            }
            (low, high) = Vector.Sum(above) >= count ? (middle, high) : (low, middle);
        }
        return Unordered((int)low);
    }

    /// <summary>A float's bits as a number that grows with it.</summary>
    private static int Ordered(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        return bits ^ ((bits >> 31) & 0x7FFF_FFFF);
    }

    private static float Unordered(int ordered) => BitConverter.Int32BitsToSingle(ordered ^ ((ordered >> 31) & 0x7FFF_FFFF));

    private static int RoundUp(int count) => (count + MinBlockSize - 1) / MinBlockSize * MinBlockSize;
}
