using Kl3m.Playground.Components.Pages.Lessons;

namespace Kl3m.Playground.Lessons;

/// <summary>Lessons and each visitor's way through one, in <c>UserInterface.cs</c>.</summary>
internal static class LessonSetup
{
    public static IServiceCollection AddLessons(this IServiceCollection services)
    {
        services.AddOptions<LessonsOptions>().BindConfiguration("Lessons");
        services.AddSingleton<LessonBook>();
        services.AddScoped<LessonState>();
        return services;
    }
}
