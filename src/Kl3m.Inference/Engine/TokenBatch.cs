using Kl3m.Inference.Models;

namespace Kl3m.Inference.Engine;

/// <summary>A step as the model sees it: the chunks of all sequences end to end.</summary>
/// <param name="Rows">The chunks with their caches.</param>
/// <param name="Ids">Of all tokens.</param>
/// <param name="Wanted">The tokens whose logits are wanted.</param>
internal readonly record struct TokenBatch(CachedChunk[] Rows, long[] Ids, long[] Wanted)
{
    /// <param name="slot">The cache of a slot.</param>
    /// <exception cref="ArgumentException">A chunk is empty, is not where its slot stands, has a token that there is not, or another has its slot.</exception>
    public static TokenBatch Of(ReadOnlySpan<Chunk> chunks, Func<int, SequenceCache> slot, int vocabularySize)
    {
        var rows = new CachedChunk[chunks.Length];
        var (tokens, wantedRows) = (0, 0);
        for (var i = 0; i < chunks.Length; i++)
        {
            rows[i] = new(slot(chunks[i].Slot), tokens, chunks[i].TokenIds.Length, chunks[i].Start);
            Check(chunks[i], rows[i], rows.AsSpan(0, i));
            tokens += chunks[i].TokenIds.Length;
            wantedRows += chunks[i].LogitRows;
        }
        var ids = new long[tokens];
        var wanted = new long[wantedRows];
        var next = 0;
        for (var i = 0; i < chunks.Length; i++)
        {
            var (offset, count) = (rows[i].Offset, rows[i].Count);
            for (var j = 0; j < count; j++)
            {
                var id = chunks[i].TokenIds.Span[j];
                ids[offset + j] = (uint)id < (uint)vocabularySize
                    ? id
                    : throw new ArgumentException($"Token id {id} is outside the vocabulary of {vocabularySize}.", nameof(chunks));
            }
            for (var j = count - chunks[i].LogitRows; j < count; j++)
            {
                wanted[next++] = offset + j;
            }
        }
        return new(rows, ids, wanted);
    }

    private static void Check(Chunk chunk, CachedChunk row, ReadOnlySpan<CachedChunk> before)
    {
        if (row.Count == 0)
        {
            throw new ArgumentException($"The chunk for slot {chunk.Slot} holds no tokens.", nameof(chunk));
        }
        if (chunk.Start < 0 || chunk.Start > row.Cache.Length || row.Count > row.Cache.Capacity - chunk.Start)
        {
            throw new ArgumentException($"Slot {chunk.Slot} holds {row.Cache.Length} of {row.Cache.Capacity} tokens; {row.Count} cannot be put at {chunk.Start}.", nameof(chunk));
        }
        if (row.Cache is BlockCache blocks && !blocks.IsOwn(chunk.Start))
        {
            throw new ArgumentException($"Slot {chunk.Slot} shares its tokens from {chunk.Start} on with another slot.", nameof(chunk));
        }
        foreach (var other in before)
        {
            if (other.Cache == row.Cache)
            {
                throw new ArgumentException($"Slot {chunk.Slot} occurs twice in one step.", nameof(chunk));
            }
        }
    }
}
