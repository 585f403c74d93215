namespace Kl3m.Inference.Engine;

/// <summary>How much fits into a runner's memory for keys and values.</summary>
/// <param name="BlockTokens">Tokens of a block; a slot takes whole ones.</param>
/// <param name="IsShared">Whether slots with a common beginning hold the whole blocks of it together.</param>
public readonly record struct CacheRoom(int Blocks, int BlockTokens, bool IsShared)
{
    public long Tokens => (long)Blocks * BlockTokens;

    /// <summary>Blocks that a slot takes, but for those that it shares with another.</summary>
    public long BlocksFor(int capacity, int shared = 0) => ((long)capacity + BlockTokens - 1) / BlockTokens - SharedBlocks(shared);

    /// <summary>Blocks of <paramref name="sequences"/> slots that begin with the same <paramref name="prompt"/> tokens.</summary>
    public long BlocksFor(int sequences, int prompt, int capacity) => SharedBlocks(prompt) + sequences * BlocksFor(capacity, prompt);

    /// <summary>The most tokens that each such slot can have; less than the prompt when not even that fits.</summary>
    public int MostCapacity(int sequences, int prompt) =>
        (int)Math.Min(int.MaxValue, (SharedBlocks(prompt) + (Blocks - SharedBlocks(prompt)) / sequences) * BlockTokens);

    private long SharedBlocks(int tokens) => IsShared ? tokens / BlockTokens : 0;
}
