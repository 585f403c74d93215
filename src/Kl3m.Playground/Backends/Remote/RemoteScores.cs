using Kl3m.Inference;
using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>
/// Numbers of tokens as far as a server tells them: raw probabilities of some likely tokens. The rank of a token outside them is 0, and what
/// else is not known is NaN: entropy, and final probabilities where the filters would need the whole vocabulary.
/// </summary>
/// <param name="asked">How many of the likeliest tokens the server was asked for.</param>
internal sealed class RemoteScores(GenerationRequest request, int asked)
{
    private readonly SamplingParams sampling = request.Sampling;

    public SampledToken Of(int id, RemoteLogprobs? logprobs, int place)
    {
        var (own, listed) = logprobs?.At(place) ?? (null, []);
        if (own is not { } raw)
        {
            throw new EngineFailedException($"The remote server gave no number for token {id}.");
        }
        var likely = listed.OrderByDescending(entry => entry.Logprob).ThenBy(entry => entry.Id).ToList();
        // One more than was asked for: the token was not among them and stands there for itself.
        var rank = likely.FindIndex(entry => entry.Id == id) + 1;
        if (rank > asked)
        {
            rank = 0;
        }
        var shown = likely.Where(entry => rank > 0 || entry.Id != id).Take(request.Alternatives)
            .Select(entry => new Alternative(entry.Id, entry.Logprob, Final(entry.Logprob, entry.Id == id), IsCut(entry.Id == id))).ToArray();
        return new(
            new() { TokenId = id, RawLogprob = raw, FinalLogprob = Final(raw, true), Rank = rank, Entropy = float.NaN, Alternatives = shown },
            new SamplingTrace(Stages(raw), null, double.NaN, double.NaN, sampling.Temperature == 0 ? 1 : 0));
    }

    /// <summary>Of a token that was written and that the server said nothing of.</summary>
    public static SampledToken Unknown(int id) => new(
        new() { TokenId = id, RawLogprob = float.NaN, FinalLogprob = float.NaN, Rank = 0, Entropy = float.NaN, Alternatives = [] }, new([], null, double.NaN, double.NaN, 0));

    private bool IsPlain => sampling is { TopK: 0, TopP: >= 1, MinP: 0, TypicalP: >= 1, RepetitionPenalty: 1, FrequencyPenalty: 0, PresencePenalty: 0, NoRepeatNgramSize: 0, LogitBias.Count: 0 };

    /// <summary>Without filters it is the raw one; greedy leaves one token; else it hangs on tokens that the server does not list.</summary>
    private float Final(float raw, bool chosen) =>
        sampling.Temperature == 0 ? chosen ? 0 : float.NegativeInfinity
        : IsPlain && sampling.Temperature == 1 ? raw
        : float.NaN;

    private SamplingStage? IsCut(bool chosen) => sampling.Temperature == 0 && !chosen ? SamplingStage.Temperature : null;

    private IReadOnlyList<StageTrace> Stages(float raw) =>
        sampling.Temperature == 0 ? [new(SamplingStage.Temperature, 0, 1, Math.Exp(raw), 0)] : [];
}
