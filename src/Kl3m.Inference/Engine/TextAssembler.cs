using Kl3m.Inference.Sampling;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Engine;

/// <summary>
/// Gives each token of a sequence its text. A token is held back while its text may still change: while part of it could belong to a
/// stop text, or it ends inside a character that may never be completed.
/// </summary>
internal sealed class TextAssembler
{
    private readonly int sequenceIndex;
    private readonly Tokenizer tokenizer;
    private readonly IncrementalDetokenizer detokenizer;
    private readonly StopMatcher matcher;
    private readonly List<TokenGenerated> held = [];
    private int position;

    /// <param name="writtenBefore">Tokens that the sequence has already: a character that they began is completed by the next one.</param>
    public TextAssembler(int sequenceIndex, Tokenizer tokenizer, IReadOnlyList<StopMatcher.Pattern> stops, IReadOnlyList<int> writtenBefore)
    {
        this.sequenceIndex = sequenceIndex;
        this.tokenizer = tokenizer;
        detokenizer = new(tokenizer);
        matcher = new(stops);
        position = writtenBefore.Count;
        foreach (var id in writtenBefore)
        {
            detokenizer.Append(id);
        }
    }

    /// <summary>The stop text that the text has run into; no token may follow.</summary>
    public string? StopText { get; private set; }

    /// <summary>Takes the next token; returns those whose text is settled by now.</summary>
    public List<TokenGenerated> Append(SampledToken token)
    {
        var text = detokenizer.Append(token.Score.TokenId);
        Hold(token, text);
        Match(text);
        return StopText is null ? TakeSettled() : Take(held.Count);
    }

    /// <summary>Settles what is held, at the end of the sequence. The end token, if one ended it, has no text.</summary>
    public List<TokenGenerated> Finish(SampledToken? endToken = null)
    {
        if (detokenizer.Flush() is { Length: > 0 } rest)
        {
            var last = LastWithText();
            held[last] = held[last] with { Text = held[last].Text + rest };
            Match(rest);
        }
        if (endToken is { } token)
        {
            Hold(token, "");
        }
        return Take(held.Count);
    }

    private void Hold(SampledToken token, string text) =>
        held.Add(new(sequenceIndex, position++, text, token.Score, token.Trace) { Logits = token.Logits });

    private void Match(string text)
    {
        StopText = matcher.Read(text, out var end);
        if (StopText is not null)
        {
            CutEnd(StopText.Length + text.Length - end);
        }
    }

    private void CutEnd(int characters)
    {
        for (var i = held.Count - 1; characters > 0; i--)
        {
            var cut = Math.Min(characters, held[i].Text.Length);
            held[i] = held[i] with { Text = held[i].Text[..^cut] };
            characters -= cut;
        }
    }

    private List<TokenGenerated> TakeSettled()
    {
        var limit = detokenizer.IsInsideCharacter ? LastWithText() : held.Count;
        var certain = held.Sum(token => token.Text.Length) - matcher.Pending;
        var settled = 0;
        while (settled < limit && (certain -= held[settled].Text.Length) >= 0)
        {
            settled++;
        }
        return Take(settled);
    }

    private int LastWithText() => held.FindLastIndex(token => !tokenizer.IsSpecial(token.Score.TokenId));

    private List<TokenGenerated> Take(int count)
    {
        var taken = held.GetRange(0, count);
        held.RemoveRange(0, count);
        return taken;
    }
}
