namespace Kl3m.Inference.Engine;

/// <summary>
/// Slots of sequences that are over, kept for requests that begin with the same tokens: the same prompt under other settings, a text that goes
/// on, a class's common prompt. They hold no room that anyone needs: <see cref="DropOldest"/> frees the one that was of use longest ago.
/// </summary>
internal sealed class PrefixCache(IModelRunner runner, int places)
{
    /// <summary>Fewer tokens are read as fast as they are looked up.</summary>
    public const int Shortest = 4;

    // The one of most recent use first.
    private readonly LinkedList<Kept> kept = new();

    public int Count => kept.Count;

    /// <summary>Takes a slot over, and decides whether it is worth keeping.</summary>
    /// <param name="tokens">Those that the slot holds.</param>
    public void Keep(int slot, ReadOnlySpan<int> tokens)
    {
        for (var node = kept.First; node is not null;)
        {
            var (next, common) = (node.Next, tokens.CommonPrefixLength(node.Value.Tokens));
            if (common == tokens.Length)
            {
                Touch(node);
                runner.Release(slot);
                return;
            }
            if (common == node.Value.Tokens.Length)
            {
                Drop(node);
            }
            node = next;
        }
        if (places == 0 || tokens.Length < Shortest)
        {
            runner.Release(slot);
            return;
        }
        if (kept.Count == places)
        {
            DropOldest();
        }
        runner.Retire(slot);
        kept.AddFirst(new Kept(slot, tokens.ToArray()));
    }

    /// <summary>The slot that has most of a prompt's beginning, and how many tokens of it.</summary>
    public (int Slot, int Length)? Find(ReadOnlySpan<int> prompt)
    {
        LinkedListNode<Kept>? best = null;
        var longest = 0;
        for (var node = kept.First; node is not null; node = node.Next)
        {
            var common = prompt.CommonPrefixLength(node.Value.Tokens);
            if (common > longest)
            {
                (best, longest) = (node, common);
            }
        }
        if (best is null)
        {
            return null;
        }
        Touch(best);
        return (best.Value.Slot, longest);
    }

    /// <summary>False where nothing is kept.</summary>
    public bool DropOldest()
    {
        if (kept.Last is not { } oldest)
        {
            return false;
        }
        Drop(oldest);
        return true;
    }

    private void Touch(LinkedListNode<Kept> node)
    {
        kept.Remove(node);
        kept.AddFirst(node);
    }

    private void Drop(LinkedListNode<Kept> node)
    {
        kept.Remove(node);
        runner.Release(node.Value.Slot);
    }

    private sealed record Kept(int Slot, int[] Tokens);
}
