using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kl3m.Playground.Hubs;

/// <summary>The hub in <c>Program.cs</c>.</summary>
internal static class GenerationHubSetup
{
    public static IServiceCollection AddGenerationHub(this IServiceCollection services)
    {
        services.AddSignalR()
            .AddHubOptions<GenerationHub>(options => options.MaximumReceiveMessageSize = GenerationHub.MaxMessageBytes)
            .AddJsonProtocol(options =>
            {
                options.PayloadSerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
                options.PayloadSerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
            });
        return services;
    }

    public static void MapGenerationHub(this IEndpointRouteBuilder routes) => routes.MapHub<GenerationHub>(GenerationHub.Path);
}
