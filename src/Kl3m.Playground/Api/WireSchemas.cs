using System.Globalization;
using System.Text.Json.Nodes;
using Kl3m.Inference;
using Microsoft.OpenApi;

namespace Kl3m.Playground.Api;

/// <summary>The OpenAPI schemas of the bodies that are read by hand, since their unions have no C# type.</summary>
internal static class WireSchemas
{
    private const string ModelText = "A loaded model's id; may be left out: the model that is loaded.";

    public static OpenApiSchema Completion() => Object("CompletionRequest", ["prompt"], new()
    {
        ["model"] = Text(ModelText),
        ["prompt"] = new()
        {
            Description = $"A text, texts, token ids, or lists of token ids; at most {CompletionReader.MaxPrompts} prompts, and {CompletionReader.MaxTotalSequences} sequences with n.",
            OneOf = [Text(), List(Text()), List(Integer(0)), List(List(Integer(0)))],
        },
        ["max_tokens"] = Integer(0, 16, "Most tokens to write per sequence. 0 with echo scores the prompt."),
        ["n"] = Integer(1, 1, "Sequences per prompt.", SamplingParams.MaxSequences),
        ["temperature"] = Number(0, SamplingParams.MaxTemperature, 1, "Divides the scores; 0 always takes the most likely token."),
        ["top_p"] = Number(0, 1, 1, "Keeps the fewest tokens whose probabilities reach p."),
        ["top_k"] = Integer(-1, 0, "Keeps the k most likely tokens; 0 and -1 are off."),
        ["min_p"] = Number(0, 1, 0, "Drops tokens less likely than this share of the most likely one."),
        ["typical_p"] = Number(0, 1, 1, "Keeps the tokens whose surprisal is nearest to the entropy, up to this mass."),
        ["repetition_penalty"] = Number(0, null, 1, "Above 1 makes tokens of prompt and completion less likely."),
        ["frequency_penalty"] = Number(-2, 2, 0, "Taken off a token's score for each time that the completion has it."),
        ["presence_penalty"] = Number(-2, 2, 0, "Taken off a token's score once the completion has it."),
        ["no_repeat_ngram_size"] = Integer(0, 0, "No n tokens in a row occur twice; 0 is off."),
        ["logit_bias"] = new()
        {
            Type = JsonSchemaType.Object,
            Description = "Added to the scores of tokens: {\"50\": -100}.",
            AdditionalProperties = Number(-100, 100),
        },
        ["seed"] = new()
        {
            Description = "Same seed, prompt and settings: same text. A text where JavaScript's 53 bits do not do.",
            OneOf = [new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" }, Text()],
        },
        ["stop"] = new()
        {
            Description = $"Texts that end a sequence, and are not part of it; at most {SamplingParams.MaxStops}.",
            OneOf = [Text(), List(Text())],
        },
        ["ignore_eos"] = Flag("Write on behind an end token."),
        ["stream"] = Flag("Answer with server-sent events."),
        ["stream_options"] = Object("StreamOptions", [], new() { ["include_usage"] = Flag("A last frame with the usage and no choices.") }),
        ["logprobs"] = Integer(0, null, "Report natural log probabilities: the chosen token's and this many of the most likely ones.", CompletionReader.MaxLogprobs),
        ["logprobs_mode"] = new()
        {
            Type = JsonSchemaType.String,
            Description = "The model's own distribution, or the one that the token was drawn from.",
            Enum = ["raw_logprobs", "processed_logprobs"],
            Default = "raw_logprobs",
        },
        ["echo"] = Flag("Repeat the prompt before the completion, with its logprobs if those are asked for."),
        ["return_token_ids"] = Flag("Choices get token_ids and prompt_token_ids."),
        ["return_tokens_as_token_ids"] = Flag("Names of tokens in logprobs are token_id:N."),
        ["user"] = Text("Whose request it is, for fairness between users."),
    });

    public static OpenApiSchema Tokenize() => Object("TokenizeRequest", ["prompt"], new()
    {
        ["model"] = Text(ModelText),
        ["prompt"] = Text("The text to split."),
        ["return_token_strs"] = Flag("Also give each token's text."),
    });

    public static OpenApiSchema Detokenize() => Object("DetokenizeRequest", ["tokens"], new()
    {
        ["model"] = Text(ModelText),
        ["tokens"] = List(Integer(0)),
    });

    private static OpenApiSchema Object(string title, HashSet<string> required, Dictionary<string, OpenApiSchema> properties) => new()
    {
        Title = title,
        Type = JsonSchemaType.Object,
        Required = required,
        Properties = properties.ToDictionary(property => property.Key, IOpenApiSchema (property) => property.Value),
    };

    private static OpenApiSchema Text(string? description = null) => new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema List(OpenApiSchema items) => new() { Type = JsonSchemaType.Array, Items = items };

    private static OpenApiSchema Flag(string description) => new() { Type = JsonSchemaType.Boolean, Description = description, Default = false };

    private static OpenApiSchema Integer(int minimum, int? otherwise = null, string? description = null, int? maximum = null) => new()
    {
        Type = JsonSchemaType.Integer,
        Format = "int32",
        Description = description,
        Minimum = minimum.ToString(CultureInfo.InvariantCulture),
        Maximum = maximum?.ToString(CultureInfo.InvariantCulture),
        Default = otherwise is { } value ? JsonValue.Create(value) : null,
    };

    private static OpenApiSchema Number(double minimum, double? maximum, double? otherwise = null, string? description = null) => new()
    {
        Type = JsonSchemaType.Number,
        Format = "float",
        Description = description,
        Minimum = minimum.ToString(CultureInfo.InvariantCulture),
        Maximum = maximum?.ToString(CultureInfo.InvariantCulture),
        Default = otherwise is { } value ? JsonValue.Create(value) : null,
    };
}
