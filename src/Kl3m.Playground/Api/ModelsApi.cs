using Kl3m.Inference;
using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Api;

/// <summary>GET /v1/models and /v1/models/{id}.</summary>
internal static class ModelsApi
{
    public static void MapModels(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/models", List).WithTags("Models").WithSummary("The models that can be asked now").Produces<ModelList>();
        routes.MapGet("/v1/models/{**id}", Find).WithTags("Models").WithSummary("One model").Produces<ModelEntry>().Produces<ErrorBody>(StatusCodes.Status404NotFound);
    }

    private static IResult List(BackendCatalogue catalogue) =>
        Results.Json(new ModelList("list", [.. catalogue.All.Select(ModelEntry.Of)]), ApiJson.Wire.ModelList);

    private static IResult Find(string id, BackendCatalogue catalogue)
    {
        var plain = id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase); // routing leaves an escaped slash as it is
        return catalogue.Find(plain) is { } generator
            ? Results.Json(ModelEntry.Of(generator), ApiJson.Wire.ModelEntry)
            : throw new ApiException(ApiError.UnknownModel(plain, catalogue));
    }

    /// <summary>The model that a request names, or the default.</summary>
    /// <exception cref="ApiException">404: no such model; 503: none is loaded yet.</exception>
    public static ITextGenerator Require(this BackendCatalogue catalogue, string? id)
    {
        if (catalogue.Default is null)
        {
            throw new ApiException(ApiError.NoModel(catalogue));
        }
        return catalogue.Find(id) ?? throw new ApiException(ApiError.UnknownModel(id!, catalogue));
    }
}

internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);

internal sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy, int MaxModelLen)
{
    public static ModelEntry Of(ITextGenerator generator) =>
        new(generator.Model.Id, "model", Math.Max(0, generator.Model.LoadedAt.ToUnixTimeSeconds()), "kl3m-playground", generator.Model.ContextLength);
}
