using System.Globalization;
using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Playground.Api;

namespace Kl3m.Playground.Hubs;

/// <summary>The engine's events as the hub writes them.</summary>
internal static class HubEvents
{
    public static HubEvent Of(GenerationEvent happened, ITextGenerator generator) => happened switch
    {
        GenerationStarted started => new HubEvent.Started(generator.Model.Id, started.PromptTokenIds, started.Seed.ToString(CultureInfo.InvariantCulture)),
        GenerationQueued queued => new HubEvent.Queued(queued.Place, queued.Estimate?.TotalSeconds),
        PromptProgress progress => new HubEvent.Progress(progress.Done, progress.Total),
        PromptScored scored => new HubEvent.PromptTokens([.. scored.Tokens.Select(score => score is null ? null : Of(score, generator))]),
        TokenGenerated token => new HubEvent.Token(token.SequenceIndex, token.Position, token.Text, Of(token.Score, generator), Of(token.Trace)),
        SequenceFinished finished => new HubEvent.SequenceEnd(finished.SequenceIndex, finished.Reason.WireName(), finished.WireStopReason()),
        GenerationFinished finished => new HubEvent.End(Of(finished.Usage), Of(finished.Timings)),
        _ => throw new InvalidOperationException($"{happened.GetType().Name} has no form on the wire."),
    };

    private static HubScore Of(TokenScore score, ITextGenerator generator) => new(
        score.TokenId, generator.Describe(score.TokenId).Name(), score.RawLogprob, Finite(score.FinalLogprob), score.Rank, Finite(score.Entropy),
        [.. score.Alternatives.Select(other => new HubAlternative(
            other.TokenId, generator.Describe(other.TokenId).Name(), other.RawLogprob, Finite(other.FinalLogprob),
            other.CutBy is { } stage ? JsonNamingPolicy.SnakeCaseLower.ConvertName(stage.ToString()) : null))]);

    private static HubDraw Of(SamplingTrace trace) => new(trace.U, Known(trace.Low), Known(trace.High), trace.Kept);

    private static HubUsage Of(Usage usage) => new(usage.PromptTokens, usage.CompletionTokens, usage.TotalTokens);

    private static HubTimings Of(GenerationTimings timings) =>
        new(timings.Queued.TotalMilliseconds, timings.FirstToken?.TotalMilliseconds, timings.Total.TotalMilliseconds);

    private static double? Known(double place) => double.IsNaN(place) ? null : place;

    /// <summary>JSON has no infinity: a cut token's final logprob is null, and so is what a remote server does not tell.</summary>
    private static float? Finite(float logprob) => float.IsFinite(logprob) ? logprob : null;
}
