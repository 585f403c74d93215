using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Layout;
using Kl3m.Playground.Components.Pages.Compare;
using Kl3m.Playground.Components.Pages.Lab;
using Kl3m.Playground.Components.Pages.Models;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Pages.Score;
using Kl3m.Playground.Components.Pages.Tokens;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Components.Styles;
using Kl3m.Playground.Lessons;
using Kl3m.Playground.Runs;
using MudBlazor.Services;

namespace Kl3m.Playground.Components;

/// <summary>What the pages need.</summary>
internal static class UserInterface
{
    public static IServiceCollection AddUserInterface(this IServiceCollection services)
    {
        // A whole context of text comes as one message when it is pasted; the default of 32 KB would close the circuit.
        services.AddRazorComponents().AddInteractiveServerComponents().AddHubOptions(hub => hub.MaximumReceiveMessageSize = 4 << 20);
        services.AddMudServices();
        services.AddSingleton<StyleSheets>();
        services.AddScoped<Shortcuts>();
        services.AddRuns();
        services.AddScoped<PlaygroundState>();
        services.AddScoped<ModelsState>();
        services.AddScoped<LabState>();
        services.AddScoped<ScoreState>();
        services.AddScoped<FileState>();
        services.AddClassroom();
        services.AddScoped<CompareState>();
        services.AddSingleton<Vocabularies>();
        services.AddScoped<TokensState>();
        services.AddLessons();
        services.AddScoped<BrowserStorage>();
        services.AddScoped<RecentRuns>();
        services.AddScoped<OwnPresets>();
        return services;
    }

    /// <summary>A page that was drawn before an update asks for styles of another hash, and gets those of now.</summary>
    public static void MapStyles(this IEndpointRouteBuilder routes) => routes.MapGet("/styles.{hash}.css", (HttpContext context, string hash, StyleSheets styles) =>
        styles.Packed is { } packed ? packed.Answer(context, packed.Path.Contains(hash, StringComparison.Ordinal)) : Results.NotFound()).ExcludeFromDescription();
}
