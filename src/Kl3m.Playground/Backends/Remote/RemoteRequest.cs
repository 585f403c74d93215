using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Kl3m.Inference;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>A request as vLLM's completions API takes it.</summary>
internal static class RemoteRequest
{
    public const string OwnServer = "kl3m-playground";

    /// <summary>
    /// Settings that the server would silently ignore, and so would write another text than was asked for. Our own server takes all.
    /// </summary>
    public static IEnumerable<Problem> Unknown(GenerationRequest request, string? ownedBy) => ownedBy switch
    {
        OwnServer => [],
        LlamaCpp.Server => LlamaCpp.Unknown(request),
        _ => UnknownToVllm(request.Sampling, ownedBy),
    };

    private static IEnumerable<Problem> UnknownToVllm(SamplingParams sampling, string? ownedBy)
    {
        var remedy = $"is nothing that the remote server ({ownedBy ?? "unknown"}) does";
        if (sampling.TypicalP < 1)
        {
            yield return new(nameof(sampling.TypicalP), $"{remedy}: turn it off (1).");
        }
        if (sampling.NoRepeatNgramSize > 0)
        {
            yield return new(nameof(sampling.NoRepeatNgramSize), $"{remedy}: turn it off (0).");
        }
    }

    /// <summary>The prompt with its numbers and nothing new.</summary>
    /// <param name="priority">Null for a server that knows none.</param>
    public static HttpContent Score(RemoteModel model, IReadOnlyList<int> prompt, int alternatives, int? priority) => Write(json =>
    {
        WritePrompt(json, model, prompt, alternatives);
        WritePriority(json, priority);
        json.WriteNumber("max_tokens", 0);
        json.WriteBoolean("echo", true);
    });

    /// <summary>The number of one token behind a text, as llama.cpp is asked for it.</summary>
    public static HttpContent ScoreNext(RemoteModel model, IReadOnlyList<int> before, int token, int alternatives) => Write(json =>
    {
        WritePrompt(json, model, before, alternatives);
        LlamaCpp.WriteScore(json, token);
    });

    /// <param name="priority">Null for a server that knows none.</param>
    public static HttpContent Continue(RemoteModel model, IReadOnlyList<int> prompt, GenerationRequest request, ulong seed, ModelInfo info, int alternatives, int? priority) => Write(json =>
    {
        var sampling = request.Sampling;
        WritePrompt(json, model, prompt, alternatives);
        json.WriteBoolean("stream", true);
        json.WriteStartObject("stream_options");
        json.WriteBoolean("include_usage", true);
        json.WriteEndObject();
        json.WriteNumber("max_tokens", sampling.MaxTokens);
        if (request.User is { } user)
        {
            json.WriteString("user", user);
        }
        if (model.OwnedBy == LlamaCpp.Server)
        {
            LlamaCpp.Write(json, request, seed, info.ContextLength);
            return;
        }
        WritePriority(json, priority);
        json.WriteNumber("n", sampling.Sequences);
        json.WriteNumber("temperature", sampling.Temperature);
        json.WriteNumber("top_k", sampling.TopK); // written even when off: a server may have a default of its own
        json.WriteNumber("top_p", sampling.TopP is 0 ? 1e-6f : sampling.TopP); // vLLM wants it above 0; so small a mass is the favourite alone
        json.WriteNumber("min_p", sampling.MinP);
        json.WriteNumber("repetition_penalty", sampling.RepetitionPenalty);
        json.WriteNumber("frequency_penalty", sampling.FrequencyPenalty);
        json.WriteNumber("presence_penalty", sampling.PresencePenalty);
        if (sampling.TypicalP < 1)
        {
            json.WriteNumber("typical_p", sampling.TypicalP);
        }
        if (sampling.NoRepeatNgramSize > 0)
        {
            json.WriteNumber("no_repeat_ngram_size", sampling.NoRepeatNgramSize);
        }
        json.WriteNumber("seed", (seed + (ulong)request.FirstSequence) & long.MaxValue); // vLLM's are signed
        WriteStops(json, sampling, model.OwnedBy == OwnServer ? [] : info.EndTokenIds);
        WriteBias(json, sampling);
    });

    public static void WriteBias(Utf8JsonWriter json, SamplingParams sampling)
    {
        if (sampling.LogitBias.Count > 0)
        {
            json.WriteStartObject("logit_bias");
            foreach (var (id, bias) in sampling.LogitBias)
            {
                json.WriteNumber(id.ToString(CultureInfo.InvariantCulture), bias);
            }
            json.WriteEndObject();
        }
    }

    // vLLM's number has our meaning: lower is earlier, 0 is usual.
    private static void WritePriority(Utf8JsonWriter json, int? priority)
    {
        if (priority is { } number and not 0)
        {
            json.WriteNumber("priority", number);
        }
    }

    private static void WritePrompt(Utf8JsonWriter json, RemoteModel model, IReadOnlyList<int> prompt, int alternatives)
    {
        json.WriteString("model", model.Id);
        json.WriteStartArray("prompt");
        foreach (var id in prompt)
        {
            json.WriteNumberValue(id);
        }
        json.WriteEndArray();
        json.WriteNumber("logprobs", alternatives);
        json.WriteBoolean("return_token_ids", true);
        json.WriteBoolean("return_tokens_as_token_ids", true); // alternatives by id: two tokens may have the same text
    }

    /// <summary>KL3M's config names no end token, so that vLLM would write on behind it: it is named here.</summary>
    private static void WriteStops(Utf8JsonWriter json, SamplingParams sampling, IReadOnlyList<int> endTokens)
    {
        json.WriteBoolean("ignore_eos", !sampling.StopAtEnd);
        if (sampling.Stop.Count > 0)
        {
            json.WriteStartArray("stop");
            foreach (var stop in sampling.Stop)
            {
                json.WriteStringValue(stop);
            }
            json.WriteEndArray();
        }
        if (sampling.StopAtEnd && endTokens.Count > 0)
        {
            json.WriteStartArray("stop_token_ids");
            foreach (var id in endTokens)
            {
                json.WriteNumberValue(id);
            }
            json.WriteEndArray();
        }
    }

    private static ByteArrayContent Write(Action<Utf8JsonWriter> fields)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }
        return new(body.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }
}
