using System.Text.Json.Serialization;

namespace Kl3m.Playground.Hubs;

/// <summary>
/// What <see cref="GenerationHub.Generate"/> streams: JSON objects in snake_case, told apart by "type". Logs are natural, entropy is in
/// bits; "logprob" is of the model's own distribution, "final_logprob" of the one that the token was drawn from (null: cut).
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Started), "started")]
[JsonDerivedType(typeof(Queued), "queued")]
[JsonDerivedType(typeof(Progress), "progress")]
[JsonDerivedType(typeof(PromptTokens), "prompt_scored")]
[JsonDerivedType(typeof(Token), "token")]
[JsonDerivedType(typeof(SequenceEnd), "sequence_finished")]
[JsonDerivedType(typeof(End), "finished")]
internal abstract record HubEvent
{
    /// <param name="Seed">A text: JavaScript's numbers end at 53 bits. Send it back as seed to repeat the run.</param>
    internal sealed record Started(string Model, IReadOnlyList<int> PromptTokenIds, string Seed) : HubEvent;

    /// <summary>The request waits for room; sent again when its place changes.</summary>
    /// <param name="Place">1 is next.</param>
    /// <param name="Seconds">Until it starts, estimated; null while that is not known.</param>
    internal sealed record Queued(int Place, double? Seconds) : HubEvent;

    /// <summary>So many of the prompt's tokens have been read.</summary>
    internal sealed record Progress(int Done, int Total) : HubEvent;

    /// <summary>Sent if the request had echo: true; the first token has no numbers and is null.</summary>
    internal sealed record PromptTokens(IReadOnlyList<HubScore?> Tokens) : HubEvent;

    /// <summary>One token of one sequence; the texts of a sequence, joined, are its completion.</summary>
    internal sealed record Token(int Sequence, int Position, string Text, HubScore Score, HubDraw Draw) : HubEvent;

    /// <param name="FinishReason">stop, length or abort.</param>
    /// <param name="StopReason">The stop text, or the id of the end token, that ended it.</param>
    internal sealed record SequenceEnd(int Sequence, string FinishReason, object? StopReason) : HubEvent;

    internal sealed record End(HubUsage Usage, HubTimings Timings) : HubEvent;
}

/// <param name="Token">The token's text, or "bytes:\xc3" where it is no whole character.</param>
/// <param name="Rank">Place among the model's own probabilities, 1 = most likely; 0 where a remote server does not tell.</param>
/// <param name="Entropy">Null where a remote server does not tell.</param>
internal sealed record HubScore(int TokenId, string Token, float Logprob, float? FinalLogprob, int Rank, float? Entropy, IReadOnlyList<HubAlternative> Alternatives);

/// <param name="CutBy">The filter that removed the token, such as top_p; null if none did.</param>
internal sealed record HubAlternative(int TokenId, string Token, float Logprob, float? FinalLogprob, string? CutBy);

/// <param name="U">The dart, in [0, 1); null for greedy.</param>
/// <param name="Low">Where the token's segment starts on the ruler of final probabilities; High: where it ends.</param>
/// <param name="Kept">Tokens that were left to draw from.</param>
internal sealed record HubDraw(double? U, double? Low, double? High, int Kept);

internal sealed record HubUsage(int PromptTokens, int CompletionTokens, int TotalTokens);

internal sealed record HubTimings(double QueuedMs, double? FirstTokenMs, double TotalMs);
