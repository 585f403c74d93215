using System.Globalization;
using System.Text.Json;
using Kl3m.Inference;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>What llama.cpp's server (llama-server) does otherwise than vLLM, as its README and its answers of August 2026 have it.</summary>
internal static class LlamaCpp
{
    /// <summary>What it calls itself in its list of models.</summary>
    public const string Server = "llamacpp";

    /// <summary>Far above what logits are.</summary>
    private const float Certain = 10_000;

    /// <summary>transformers' order; its own has temperature last, and filters that nobody asked for.</summary>
    private static readonly string[] Chain = ["penalties", "temperature", "top_k", "top_p", "min_p", "typ_p"];

    public static IEnumerable<Problem> Unknown(GenerationRequest request)
    {
        var sampling = request.Sampling;
        const string Server = "the remote server (llama.cpp)";
        if (sampling.NoRepeatNgramSize > 0)
        {
            yield return new(nameof(sampling.NoRepeatNgramSize), $"is nothing that {Server} does: turn it off (0).");
        }
        if (sampling.FrequencyPenalty != 0)
        {
            yield return new(nameof(sampling.FrequencyPenalty), $"would count the prompt's tokens too at {Server}: turn it off (0).");
        }
        if (sampling.PresencePenalty != 0)
        {
            yield return new(nameof(sampling.PresencePenalty), $"would count the prompt's tokens too at {Server}: turn it off (0).");
        }
        if (!sampling.StopAtEnd)
        {
            yield return new(nameof(sampling.StopAtEnd), $"cannot be off at {Server}: it would forbid the end token instead of writing on behind it.");
        }
    }

    /// <summary>
    /// Every setting by name, since a server may be started with defaults of its own. Stop texts are left out: it would hold back text while one
    /// may be coming, and from text and tokens together is seen what it does not tell (<see cref="UntoldTokens"/>).
    /// </summary>
    public static void Write(Utf8JsonWriter json, GenerationRequest request, ulong seed, int contextLength)
    {
        var sampling = request.Sampling;
        json.WriteNumber("n", sampling.Sequences);
        json.WriteNumber("seed", (seed + (ulong)request.FirstSequence) % int.MaxValue); // 32 bits, and -1 would be any; its n count on from here
        json.WriteStartArray("samplers");
        foreach (var filter in Chain)
        {
            json.WriteStringValue(filter);
        }
        json.WriteEndArray();
        json.WriteNumber("temperature", sampling.Temperature);
        json.WriteNumber("dynatemp_range", 0);
        json.WriteNumber("mirostat", 0);
        json.WriteNumber("top_k", sampling.TopK);
        json.WriteNumber("top_p", sampling.TopP);
        json.WriteNumber("min_p", sampling.MinP);
        json.WriteNumber("typical_p", sampling.TypicalP);
        json.WriteNumber("repeat_penalty", sampling.RepetitionPenalty);
        json.WriteNumber("repeat_last_n", contextLength); // all of it, as transformers does
        json.WriteNumber("frequency_penalty", 0);
        json.WriteNumber("presence_penalty", 0);
        json.WriteBoolean("ignore_eos", false);
        json.WriteBoolean("post_sampling_probs", false);
        RemoteRequest.WriteBias(json, sampling);
    }

    /// <summary>
    /// One token more, which a bias makes the given one. It shares its beginning with the request before, which the server keeps, so that it
    /// costs one step; the numbers that are told are those of the logits before the bias.
    /// </summary>
    public static void WriteScore(Utf8JsonWriter json, int token)
    {
        json.WriteNumber("max_tokens", 1);
        json.WriteNumber("temperature", 0);
        json.WriteStartArray("samplers");
        json.WriteStringValue("temperature");
        json.WriteEndArray();
        json.WriteBoolean("cache_prompt", true);
        json.WriteStartObject("logit_bias");
        json.WriteNumber(token.ToString(CultureInfo.InvariantCulture), Certain);
        json.WriteEndObject();
    }
}
