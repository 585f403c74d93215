using Kl3m.Inference.Sampling;

namespace Kl3m.Inference.Engine;

/// <summary>
/// One thing to read from a row of logits: the score of the prompt's token at <paramref name="promptPosition"/>, or, where that is null,
/// the draw of the sequence's next token.
/// </summary>
internal sealed class LogitRow(int row, Sequence sequence, int? promptPosition)
{
    public Sequence Sequence => sequence;

    /// <summary>The token that was drawn.</summary>
    public SampledToken? Drawn { get; private set; }

    public Exception? Error { get; private set; }

    /// <param name="logits">All rows of the step, [rows, vocabulary].</param>
    public void Read(Sampler sampler, ReadOnlySpan<float> logits, int vocabularySize)
    {
        var group = sequence.Group;
        var request = group.Request;
        logits = logits.Slice(row * vocabularySize, vocabularySize);
        try
        {
            if (promptPosition is { } position)
            {
                group.Score(position, sampler.Score(logits, group.Prompt[position], request.Alternatives));
            }
            else
            {
                var u = SeededRandom.NextUniform(group.Seed, request.FirstSequence + sequence.Index, group.WrittenBefore + sequence.Written);
                var drawn = sampler.Sample(logits, request.Sampling, sequence.Tokens, group.Prompt.Length - group.WrittenBefore, u, request.Alternatives);
                Drawn = request.KeepLogits ? drawn with { Logits = logits.ToArray() } : drawn;
            }
        }
        catch (Exception error)
        {
            Error = error;
        }
    }
}
