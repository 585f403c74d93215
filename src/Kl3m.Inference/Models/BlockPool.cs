using System.Runtime.InteropServices;
using Kl3m.Inference.Models.Host;

namespace Kl3m.Inference.Models;

/// <summary>
/// Memory for keys and values of all sequences on a CPU: made once, cut into blocks of <see cref="BlockTokens"/> tokens, as in vLLM
/// (Kwon et al., PagedAttention, arXiv 2309.06180). A sequence grows by taking blocks, and nothing is ever moved; sequences with a common
/// beginning hold the same blocks, which are counted. Blocks are promised before they are taken, so that who was let in never runs dry.
/// </summary>
/// <remarks>
/// fp32, whatever the weights are: on a CPU attention over bf16 is slower. A block is [layers, 2, heads, ...]; keys lie as
/// [head dim, tokens], so that one query's scores against all tokens of a block come out side by side, values as [tokens, <see cref="ValueStride"/>].
/// </remarks>
internal sealed unsafe class BlockPool : IDisposable
{
    public const int BlockTokens = 16;

    private const int PageFloats = 4096 / sizeof(float);

    private readonly int[] holders;
    private readonly Stack<int> free = [];
    private readonly nuint floatsPerBlock;
    private readonly nuint floatsPerLayer;
    private readonly nuint keyFloats;
    private float* memory;
    private int fresh;

    /// <exception cref="InsufficientMemoryException">The machine does not give that much; the message names the setting.</exception>
    public BlockPool(GptNeoXConfig config, long bytes)
    {
        Heads = config.NumAttentionHeads;
        HeadDim = config.HeadDim;
        ValueStride = (HeadDim + 31) / 32 * 32;
        keyFloats = (nuint)(Heads * HeadDim * BlockTokens);
        floatsPerLayer = keyFloats + (nuint)(Heads * ValueStride * BlockTokens);
        floatsPerBlock = floatsPerLayer * (nuint)config.NumHiddenLayers;
        if (floatsPerBlock % (2 * PageFloats) == 0)
        {
            // At strides of powers of two the same head's keys of all blocks would fall into the same few sets of a cache.
            floatsPerBlock += PageFloats;
        }
        Blocks = (int)Math.Min(bytes / BytesPerBlock, int.MaxValue / BlockTokens);
        holders = new int[Blocks];
        try
        {
            // Pages that were never written take no memory.
            memory = (float*)NativeMemory.AlignedAlloc(Math.Max((nuint)Blocks * (nuint)BytesPerBlock, 1), HugePages.Size);
            HugePages.Ask(memory, Blocks * BytesPerBlock);
        }
        catch (OutOfMemoryException cause)
        {
            throw new InsufficientMemoryException($"The machine does not give {bytes:N0} bytes for keys and values; lower Engine:KvCacheBytes.", cause);
        }
    }

    public int Heads { get; }

    public int HeadDim { get; }

    /// <summary>Floats of one head's value of one token: the head dimension, filled up to pairs of vectors of 16.</summary>
    public int ValueStride { get; }

    public int Blocks { get; }

    public long BytesPerBlock => (long)floatsPerBlock * sizeof(float);

    /// <summary>Blocks that are held or promised.</summary>
    public int Used => Held + Promised;

    public int Held => fresh - free.Count;

    public int Promised { get; private set; }

    /// <summary>Blocks that so many tokens take.</summary>
    public static int BlocksOf(int tokens) => (int)(((long)tokens + BlockTokens - 1) / BlockTokens);

    public bool TryPromise(int blocks)
    {
        if (blocks > Blocks - Used)
        {
            return false;
        }
        Promised += blocks;
        return true;
    }

    public void TakeBack(int promised) => Promised -= promised;

    /// <summary>Makes a promise good: a block with one holder.</summary>
    public int Take()
    {
        if (Promised == 0)
        {
            throw new InvalidOperationException("A block was taken that was not promised.");
        }
        Promised--;
        var block = free.TryPop(out var used) ? used : fresh++;
        holders[block] = 1;
        return block;
    }

    public void Share(int block) => holders[block]++;

    public bool IsShared(int block) => holders[block] > 1;

    public void Release(int block)
    {
        if (--holders[block] == 0)
        {
            free.Push(block);
        }
    }

    public void Copy(int source, int target) =>
        NativeMemory.Copy(memory + (nuint)source * floatsPerBlock, memory + (nuint)target * floatsPerBlock, floatsPerBlock * sizeof(float));

    /// <summary>[heads, head dim, tokens].</summary>
    public float* Keys(int block, int layer) => memory + (nuint)block * floatsPerBlock + (nuint)layer * floatsPerLayer;

    /// <summary>[heads, tokens, <see cref="ValueStride"/>]; what fills up is zero in tokens that were written.</summary>
    public float* Values(int block, int layer) => Keys(block, layer) + keyFloats;

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
    }
}
