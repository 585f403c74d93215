using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;

namespace Kl3m.Playground.Api;

/// <summary>What <c>/openapi/v1.json</c> says of endpoints that read and refuse by hand.</summary>
internal static class OpenApiDescriptions
{
    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services
        .ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict; // else the document calls every number "number or text"
            options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        })
        .AddOpenApi(options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "Kl3m.Playground", Version = "v1", Description = "OpenAI-compatible completions of a base language model, with its probabilities." };
            return Task.CompletedTask;
        }));

    public static RouteHandlerBuilder TakesJson(this RouteHandlerBuilder endpoint, Func<OpenApiSchema> schema) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = schema() } },
            };
            return Task.CompletedTask;
        });

    public static RouteHandlerBuilder ProducesApiErrors(this RouteHandlerBuilder endpoint)
    {
        int[] statuses = [400, 404, 413, 415, 429, 503];
        return statuses.Aggregate(endpoint, (built, status) => built.Produces<ErrorBody>(status));
    }
}
