using Kl3m.Playground.Components.Pages.Classroom;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Kl3m.Playground.Classroom;

/// <summary>Rooms, and each visitor's place in one, in <c>UserInterface.cs</c>.</summary>
internal static class ClassroomSetup
{
    public static IServiceCollection AddClassroom(this IServiceCollection services)
    {
        services.AddOptions<ClassroomOptions>().BindConfiguration("Classroom").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<RoomRegistry>();
        services.AddScoped<Visitor>();
        services.AddScoped<Desk>();
        services.AddScoped<VisitorPages>();
        services.AddScoped<ClassroomState>();
        services.AddScoped<CircuitHandler, RoomConnection>();
        return services;
    }
}
