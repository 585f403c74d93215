using Kl3m.Inference.Sampling;

namespace Kl3m.Inference.Engine;

/// <summary>
/// One continuation of a group's prompt. Its tokens are the prompt and what was written so far; what the slot has computed follows them,
/// many at a time while the prompt is read, then one by one.
/// </summary>
internal sealed class Sequence(SequenceGroup group, int index, int slot, TextAssembler text)
{
    private readonly int[] tokens = [.. group.Prompt, .. new int[group.MaxTokens]];

    public SequenceGroup Group => group;

    public int Index => index;

    /// <summary>Null once it has been given back.</summary>
    public int? Slot { get; set; } = slot;

    /// <summary>Prompt and written tokens.</summary>
    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, group.Prompt.Length + Written);

    public int Written { get; private set; }

    /// <summary>Leading tokens whose keys and values are in the slot.</summary>
    public int Computed { get; set; }

    public bool HasFinished { get; private set; }

    /// <summary>The tokens to compute next, at most so many, with logits only where something is read from them.</summary>
    public Chunk NextChunk(int most)
    {
        var remaining = Tokens.Length - Computed;
        var length = Math.Min(most, remaining);
        var wanted = group.Request.ScorePrompt && Computed < group.Prompt.Length ? LogitsWanted.All
            : length == remaining && group.MaxTokens > 0 ? LogitsWanted.Last
            : LogitsWanted.None;
        return new(Slot!.Value, Computed, tokens.AsMemory(Computed, length), wanted);
    }

    /// <summary>Adds a token that was drawn and writes the events that are due.</summary>
    public void Append(SampledToken token)
    {
        var id = token.Score.TokenId;
        var isEnd = group.EndTokens.Contains(id);
        tokens[group.Prompt.Length + Written++] = id;
        if (!isEnd)
        {
            text.Append(token).ForEach(group.Write);
        }
        if (text.StopText is null && (isEnd || Written == group.MaxTokens))
        {
            text.Finish(isEnd ? token : null).ForEach(group.Write);
        }
        var finished = text.StopText is { } stop ? new SequenceFinished(index, FinishReason.Stop, StopText: stop)
            : isEnd ? new(index, FinishReason.Stop, StopTokenId: id)
            : Written == group.MaxTokens ? new(index, FinishReason.Length)
            : null;
        if (finished is not null)
        {
            HasFinished = true;
            group.Write(finished);
        }
    }

    /// <summary>Ends it where it is, for whoever asked for that.</summary>
    public void Stop()
    {
        Settle();
        HasFinished = true;
        group.Write(new SequenceFinished(index, FinishReason.Cancelled));
    }

    /// <summary>Writes what is held back, when no more tokens can come.</summary>
    public void Settle() => text.Finish().ForEach(group.Write);
}
