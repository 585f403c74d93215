using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kl3m.Inference.Models;

/// <summary>A sequence's keys and values as a list of blocks of a <see cref="BlockPool"/>, some of them perhaps shared with others.</summary>
internal sealed unsafe class BlockCache : SequenceCache
{
    private readonly BlockPool pool;
    private readonly int[] blocks;
    private int count;
    private int promised;

    private BlockCache(BlockPool pool, int capacity, int promised) : base(capacity)
    {
        this.pool = pool;
        this.promised = promised;
        // Pinned: attention reads it through a pointer.
        blocks = GC.AllocateArray<int>(BlockPool.BlocksOf(capacity), pinned: true);
    }

    /// <summary>Block i holds the tokens from i * <see cref="BlockPool.BlockTokens"/> on.</summary>
    public ReadOnlySpan<int> Blocks => blocks.AsSpan(0, count);

    /// <summary>The same, good for as long as this object is held.</summary>
    public int* BlockPointer => (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(blocks));

    /// <param name="shared">Leading tokens that <see cref="CopyPrefix"/> will bring before anything is written: whole blocks of them are not promised.</param>
    /// <returns>Null where there is no room.</returns>
    public static BlockCache? TryMake(BlockPool pool, int capacity, int shared)
    {
        var promised = BlockPool.BlocksOf(capacity) - shared / BlockPool.BlockTokens;
        return pool.TryPromise(promised) ? new(pool, capacity, promised) : null;
    }

    /// <summary>Whether tokens from <paramref name="start"/> on may be written: nobody else holds their blocks.</summary>
    public bool IsOwn(int start)
    {
        for (var i = start / BlockPool.BlockTokens; i < count; i++)
        {
            if (pool.IsShared(blocks[i]))
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Takes the blocks that the first <paramref name="tokens"/> tokens need.</summary>
    public void Grow(int tokens)
    {
        for (var needed = BlockPool.BlocksOf(tokens); count < needed;)
        {
            Take();
        }
    }

    /// <summary>Whole blocks become common property, of which nothing is copied; the tokens of the last, broken one are.</summary>
    public override void CopyPrefix(SequenceCache source, int length)
    {
        var from = ((BlockCache)source).blocks;
        var whole = length / BlockPool.BlockTokens;
        for (; count < whole; count++)
        {
            pool.Share(blocks[count] = from[count]);
        }
        if (length > whole * BlockPool.BlockTokens)
        {
            pool.Copy(from[whole], blocks[Take()]);
        }
        // What was promised for blocks that now are shared is for others.
        var needed = blocks.Length - count;
        if (needed > promised)
        {
            throw new InvalidOperationException("Less is shared than was said when room was reserved.");
        }
        pool.TakeBack(promised - needed);
        promised = needed;
        Length = length;
    }

    public override void Trim()
    {
        pool.TakeBack(promised);
        promised = 0;
    }

    public override void Dispose()
    {
        ReleaseBlocks();
        Trim();
    }

    /// <summary>Returns the index of the new block in <see cref="Blocks"/>.</summary>
    private int Take()
    {
        if (promised == 0)
        {
            throw new InvalidOperationException("The sequence was promised no more blocks, or was trimmed.");
        }
        blocks[count] = pool.Take();
        promised--;
        return count++;
    }

    private void ReleaseBlocks()
    {
        // Last ones first: the beginnings of the next sequence lie where those of this one lay.
        while (count > 0)
        {
            pool.Release(blocks[--count]);
        }
    }
}
