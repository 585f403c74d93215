using System.Globalization;
using System.Text.Json;
using Kl3m.Inference;

namespace Kl3m.Playground.Api;

/// <summary>
/// Reads a completions request (HTTP and hub). Names and defaults are those of OpenAI's completions and of vLLM's extra parameters;
/// unknown fields are ignored as OpenAI ignores them, but a known one that would change the text and is not supported is refused.
/// </summary>
internal static class CompletionReader
{
    public const int MaxLogprobs = 20;

    /// <summary>Half of the places in the engine's line (by default): one request alone is never told that it is too busy.</summary>
    public const int MaxPrompts = 32;

    /// <summary>Prompts times n.</summary>
    public const int MaxTotalSequences = 128;

    private static readonly (string Name, string Remedy)[] Unsupported =
    [
        ("suffix", "the model only continues texts."),
        ("prompt_logprobs", "use echo with logprobs."),
        ("stop_token_ids", "use stop, or ignore_eos."),
        ("min_tokens", "use logit_bias against the end token."),
        ("allowed_token_ids", "use logit_bias."),
        ("bad_words", "use logit_bias."),
        ("use_beam_search", "sequences are drawn, not searched."),
        ("truncate_prompt_tokens", "send the part of the prompt that you want."),
        ("include_stop_str_in_output", "stop_reason names the text that stopped a choice."),
        ("response_format", "outputs are free text."),
        ("structured_outputs", "outputs are free text."),
        ("guided_json", "outputs are free text."),
        ("guided_regex", "outputs are free text."),
        ("guided_choice", "outputs are free text."),
        ("guided_grammar", "outputs are free text."),
    ];

    /// <exception cref="ApiException">A field has a wrong type or value; param names it.</exception>
    public static CompletionRequest Read(JsonFields fields, int maxLogprobs = MaxLogprobs)
    {
        var request = new CompletionRequest
        {
            Model = fields.Text("model"),
            Prompts = PromptReader.Read(fields, "prompt", MaxPrompts),
            Sampling = ReadSampling(fields),
            Logprobs = ReadLogprobs(fields, maxLogprobs),
            ProcessedLogprobs = ReadLogprobsMode(fields),
            Echo = fields.Flag("echo"),
            Stream = fields.Flag("stream"),
            IncludeUsage = ReadIncludeUsage(fields),
            ReturnTokenIds = fields.Flag("return_token_ids"),
            ReturnTokensAsTokenIds = fields.Flag("return_tokens_as_token_ids"),
            User = fields.Text("user"),
        };
        RefuseUnsupported(fields, request.Sampling.Sequences);
        fields.ThrowIfWrong();
        if (request.Sampling.Validate().ToList() is { Count: > 0 } problems)
        {
            throw new ApiException(ApiError.From(problems));
        }
        var total = request.Prompts.Count * request.Sampling.Sequences;
        return total <= MaxTotalSequences ? request : throw new ApiException(ApiError.Invalid("n",
            $"n times the number of prompts may be at most {MaxTotalSequences}, not {total}."));
    }

    private static SamplingParams ReadSampling(JsonFields fields) => new()
    {
        MaxTokens = fields.Integer("max_tokens", 16),
        Sequences = fields.Integer("n", 1),
        Temperature = fields.Number("temperature", 1),
        TopK = fields.Integer("top_k", 0) is var k && k == -1 ? 0 : k, // both turn it off in vLLM
        TopP = fields.Number("top_p", 1),
        MinP = fields.Number("min_p", 0),
        TypicalP = fields.Number("typical_p", 1),
        RepetitionPenalty = fields.Number("repetition_penalty", 1),
        FrequencyPenalty = fields.Number("frequency_penalty", 0),
        PresencePenalty = fields.Number("presence_penalty", 0),
        NoRepeatNgramSize = fields.Integer("no_repeat_ngram_size", 0),
        LogitBias = ReadLogitBias(fields),
        Seed = ReadSeed(fields),
        Stop = ReadStop(fields),
        StopAtEnd = !fields.Flag("ignore_eos"),
    };

    private static int? ReadLogprobs(JsonFields fields, int max)
    {
        var logprobs = fields.OptionalInteger("logprobs");
        if (logprobs < 0 || logprobs > max)
        {
            fields.Wrong("logprobs", $"must be 0 to {max}, not {logprobs}.");
        }
        return logprobs;
    }

    private static bool ReadLogprobsMode(JsonFields fields)
    {
        var mode = fields.Text("logprobs_mode");
        if (mode is not (null or "raw_logprobs" or "processed_logprobs"))
        {
            fields.Wrong("logprobs_mode", "must be raw_logprobs (the model's own) or processed_logprobs (what the token was drawn from).");
        }
        return mode == "processed_logprobs";
    }

    private static bool ReadIncludeUsage(JsonFields fields)
    {
        if (!fields.TryGet("stream_options", out var value))
        {
            return false;
        }
        if (value.ValueKind != JsonValueKind.Object)
        {
            return fields.Wrong("stream_options", "must be an object", value);
        }
        if (!fields.Flag("stream"))
        {
            return fields.Wrong("stream_options", "is only for stream: true.");
        }
        return value.TryGetProperty("include_usage", out var include) && include.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            _ => fields.Wrong("stream_options.include_usage", "must be true or false", include),
        };
    }

    private static Dictionary<int, float> ReadLogitBias(JsonFields fields)
    {
        var biases = new Dictionary<int, float>();
        if (!fields.TryGet("logit_bias", out var value))
        {
            return biases;
        }
        if (value.ValueKind != JsonValueKind.Object)
        {
            fields.Wrong("logit_bias", "must be an object of token ids and numbers", value);
            return biases;
        }
        foreach (var bias in value.EnumerateObject())
        {
            if (!int.TryParse(bias.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                fields.Wrong("logit_bias", "must have token ids as names, such as {\"50\": -100}.");
                break;
            }
            if (!JsonFields.TryNumber(bias.Value, out var number))
            {
                fields.Wrong("logit_bias", $"must have a number for token {id}", bias.Value);
                break;
            }
            biases[id] = number;
        }
        return biases;
    }

    /// <summary>Any 64-bit number, signed or not; as a text too, since JavaScript's numbers end at 53 bits.</summary>
    private static ulong? ReadSeed(JsonFields fields)
    {
        if (!fields.TryGet("seed", out var value))
        {
            return null;
        }
        var digits = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String => fields.Text("seed", value),
            _ => null,
        };
        if (ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var seed))
        {
            return seed;
        }
        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var signed))
        {
            return unchecked((ulong)signed);
        }
        fields.Wrong("seed", "must be a whole number of at most 64 bits", value);
        return null;
    }

    private static IReadOnlyList<string> ReadStop(JsonFields fields)
    {
        if (!fields.TryGet("stop", out var value))
        {
            return [];
        }
        if (value.ValueKind == JsonValueKind.String)
        {
            return fields.Text("stop", value) is { } only ? [only] : [];
        }
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            fields.Wrong("stop", "must be a text or a list of texts.");
            return [];
        }
        return [.. value.EnumerateArray().Select(item => fields.Text("stop", item)).OfType<string>()];
    }

    private static void RefuseUnsupported(JsonFields fields, int sequences)
    {
        if (fields.OptionalInteger("best_of") is { } bestOf && bestOf != sequences)
        {
            fields.Wrong("best_of", $"is not supported: leave it out, or let it be n ({sequences}); every sequence is returned.");
        }
        foreach (var (name, remedy) in Unsupported)
        {
            if (fields.TryGet(name, out var value) && !IsOff(value))
            {
                fields.Wrong(name, $"is not supported: {remedy}");
            }
        }
    }

    private static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.String => value.ValueEquals(""),
        JsonValueKind.Number => JsonFields.TryInteger(value, out var number) && number == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };
}
