using System.Text.Json;
using System.Text.Json.Serialization;
using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Api;

/// <summary>POST /tokenize and /detokenize, as vLLM has them.</summary>
internal static class TokenizeApi
{
    public static void MapTokenize(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/tokenize", TokenizeAsync).WithTags("Tokens").WithSummary("A text's tokens")
            .TakesJson(WireSchemas.Tokenize).Produces<Tokenized>().ProducesApiErrors();
        routes.MapPost("/detokenize", DetokenizeAsync).WithTags("Tokens").WithSummary("The text of tokens; special tokens are kept")
            .TakesJson(WireSchemas.Detokenize).Produces<Detokenized>().ProducesApiErrors();
    }

    private static async Task<IResult> TokenizeAsync(HttpRequest http, BackendCatalogue catalogue, CancellationToken cancellationToken)
    {
        var fields = await JsonBody.ReadAsync(http);
        var model = fields.Text("model");
        var wantsTexts = fields.Flag("return_token_strs");
        if (fields.Text("prompt") is not { } prompt)
        {
            fields.Wrong("prompt", "is missing: send a text.");
            prompt = "";
        }
        fields.ThrowIfWrong();
        var generator = catalogue.Require(model);
        var spans = await generator.TokenizeAsync(prompt, cancellationToken);
        return Results.Json(new Tokenized(spans.Count, generator.Model.ContextLength, [.. spans.Select(span => span.TokenId)],
            wantsTexts ? [.. spans.Select(span => generator.Describe(span.TokenId).Name())] : null), ApiJson.Wire.Tokenized);
    }

    private static async Task<IResult> DetokenizeAsync(HttpRequest http, BackendCatalogue catalogue, CancellationToken cancellationToken)
    {
        var fields = await JsonBody.ReadAsync(http);
        var model = fields.Text("model");
        int[] tokens = [];
        if (fields.TryGet("tokens", out var list) && list.ValueKind == JsonValueKind.Array)
        {
            tokens = PromptReader.ReadTokenIds(fields, "tokens", list);
        }
        else
        {
            fields.Wrong("tokens", "is missing: send a list of token ids.");
        }
        fields.ThrowIfWrong();
        return Results.Json(new Detokenized(await catalogue.Require(model).DetokenizeAsync(tokens, cancellationToken: cancellationToken)), ApiJson.Wire.Detokenized);
    }
}

internal sealed record Tokenized(
    int Count,
    int MaxModelLen,
    IReadOnlyList<int> Tokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? TokenStrs);

internal sealed record Detokenized(string Prompt);
