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
        var others = likely.Where(entry => rank > 0 || entry.Id != id).ToList();
        if (Cut(others, id) is { } kept)
        {
            return new(
                new() { TokenId = id, RawLogprob = raw, FinalLogprob = kept[rank - 1].FinalLogprob, Rank = rank, Entropy = float.NaN, Alternatives = kept[..Math.Min(kept.Length, request.Alternatives)] },
                new SamplingTrace([], null, double.NaN, double.NaN, kept.Count(entry => entry.CutBy is null)));
        }
        var shown = others.Take(request.Alternatives).Select(entry => new Alternative(entry.Id, entry.Logprob, Final(entry.Logprob, entry.Id == id), IsCut(entry.Id == id))).ToArray();
        return new(
            new() { TokenId = id, RawLogprob = raw, FinalLogprob = Final(raw, true), Rank = rank, Entropy = float.NaN, Alternatives = shown },
            new SamplingTrace(Stages(raw), null, double.NaN, double.NaN, sampling.Temperature == 0 ? 1 : 0));
    }

    /// <summary>Of a token that was written and that the server said nothing of.</summary>
    public static SampledToken Unknown(int id) => new(
        new() { TokenId = id, RawLogprob = float.NaN, FinalLogprob = float.NaN, Rank = 0, Entropy = float.NaN, Alternatives = [] }, new([], null, double.NaN, double.NaN, 0));

    private bool IsPlain => sampling is { TopK: 0, TopP: >= 1, MinP: 0, TypicalP: >= 1 } && !ChangesScores;

    private bool ChangesScores => sampling is not { RepetitionPenalty: 1, FrequencyPenalty: 0, PresencePenalty: 0, NoRepeatNgramSize: 0, LogitBias.Count: 0 };

    /// <summary>
    /// What the filters make of the likely tokens where top-k leaves no others: logprobs are logits but for a constant, which a softmax does not
    /// see. Null where it hangs on tokens that are not listed, or on the order of filters, in which vLLM has min-p before top-p.
    /// </summary>
    private Alternative[]? Cut(List<(int Id, float Logprob)> likely, int chosen)
    {
        var listed = likely.Take(asked).ToArray();
        if (ChangesScores || sampling is { Temperature: 0 } or { TopK: 0 } or { TopP: < 1, MinP: > 0 } || sampling.TopK > listed.Length || listed.Any(entry => !float.IsFinite(entry.Logprob)))
        {
            return null;
        }
        var trace = new Sampler(listed.Length).Explain([.. listed.Select(entry => entry.Logprob)], sampling, [], 0);
        var last = trace.Stages[^1];
        var finals = new float[listed.Length];
        Array.Fill(finals, float.NegativeInfinity);
        for (var i = 0; i < last.TokenIds.Count; i++)
        {
            finals[last.TokenIds[i]] = (float)Math.Log(last.Probabilities[i]);
        }
        var known = listed.Select((entry, place) => new Alternative(entry.Id, entry.Logprob, finals[place], trace.CutBy[place])).ToArray();
        return known.Any(entry => entry.TokenId == chosen && entry.CutBy is null) ? known : null; // else the server cuts otherwise
    }

    /// <summary>Without filters it is the raw one; greedy leaves one token; else it hangs on tokens that the server does not list.</summary>
    private float Final(float raw, bool chosen) =>
        sampling.Temperature == 0 ? chosen ? 0 : float.NegativeInfinity
        : IsPlain && sampling.Temperature == 1 ? raw
        : float.NaN;

    private SamplingStage? IsCut(bool chosen) => sampling.Temperature == 0 && !chosen ? SamplingStage.Temperature : null;

    private IReadOnlyList<StageTrace> Stages(float raw) =>
        sampling.Temperature == 0 ? [new(SamplingStage.Temperature, 0, 1, Math.Exp(raw), 0)] : [];
}
