using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Api;

/// <summary>POST /v1/completions, as OpenAI and vLLM have it.</summary>
internal static class CompletionsApi
{
    public static void MapCompletions(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/completions", CompleteAsync).WithTags("Completions")
            .WithSummary("Continue texts, or score them")
            .WithDescription("With stream: true, server-sent events whose data are completions with what is new, and at the end [DONE].")
            .TakesJson(WireSchemas.Completion).Produces<Completion>().ProducesApiErrors();

    private static async Task<IResult> CompleteAsync(HttpRequest http, BackendCatalogue catalogue, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = CompletionReader.Read(await JsonBody.ReadAsync(http));
        // Turns are taken between the ends of the wire, and behind each of them between those whom it names.
        request = request with { User = $"api:{http.HttpContext.Connection.RemoteIpAddress}:{request.User}" };
        var generator = catalogue.Require(request.Model);
        if (request is { ProcessedLogprobs: true, Logprobs: not null } && generator.Model.TopOnly is not null)
        {
            throw new ApiException(ApiError.Invalid("logprobs_mode", $"logprobs_mode processed_logprobs is not to be had from {generator.Model.Id}, which runs on another server: that tells raw_logprobs only."));
        }
        var run = new CompletionRun(generator, request);
        var (id, created) = ($"cmpl-{Guid.NewGuid():n}", time.GetUtcNow().ToUnixTimeSeconds());
        if (request.Stream)
        {
            return new CompletionStream(run, new() { Id = id, Created = created, Model = generator.Model.Id, Choices = [] }, request.IncludeUsage);
        }
        var choices = await run.JoinAsync(cancellationToken);
        return Results.Json(new() { Id = id, Created = created, Model = generator.Model.Id, Choices = choices, Usage = run.Usage }, ApiJson.Wire.Completion);
    }
}
