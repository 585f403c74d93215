namespace Kl3m.Inference.Models;

/// <summary>One query of one head: what it sees and where its result goes.</summary>
/// <param name="Query">[head dim], scaled.</param>
/// <param name="Output">[head dim].</param>
/// <param name="Blocks">Those of its sequence, the first one first.</param>
/// <param name="Length">Tokens that it sees.</param>
/// <param name="Scores">Room for as many floats as its blocks have tokens, aligned to 64 bytes.</param>
internal readonly unsafe struct AttentionRow(float* query, float* output, int* blocks, int length, float* scores)
{
    public float* Query => query;

    public float* Output => output;

    public int* Blocks => blocks;

    public int Length => length;

    public float* Scores => scores;

    public int BlockCount => BlockPool.BlocksOf(length);
}
