using System.Text.Json.Serialization;
using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>The boxed mark behind a sequence that is over: what ended it. No text where the last token says it already.</summary>
internal sealed record Ending([property: JsonPropertyName("text")] string? Text, [property: JsonPropertyName("title")] string Title)
{
    public static Ending? Of(Run run, RunSequence sequence, ITextGenerator generator)
    {
        run = run.OwnerOf(sequence.Index);
        // The status first: tokens and ends that were recorded before it are seen after it.
        var status = run.Status;
        return sequence.Finished switch
        {
            { StopText: { } stop } => new($"stop: {string.Concat(Visible.Parts(stop, standalone: true).Where(part => part.Kind != VisibleKind.Break).Select(part => part.Text))}",
                "This stop text came next; it is not part of the text."),
            { StopTokenId: { } id } when sequence.Tokens is [.., var last] && last.Score.TokenId == id => new(null, ""),
            { StopTokenId: { } id } => new(Visible.Name(DrawnToken.Describe(generator, id)), "The model's own end mark."),
            { Reason: FinishReason.Length } => new("max tokens", "Cut off here: all the tokens that were asked for are written."),
            { Reason: FinishReason.Cancelled } => new("stopped", "You stopped it here."),
            { } => new(null, ""),
            null => status switch
            {
                RunStatus.Stopped => new("stopped", "You stopped it here."),
                RunStatus.Failed => new(sequence.Tokens.Count > 0 ? "failed here" : null, "The engine failed here; what was written stands."),
                RunStatus.Done => new(null, ""),
                _ => null,
            },
        };
    }
}
