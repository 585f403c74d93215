using Kl3m.Playground.Classroom.Nodes;
using Kl3m.Playground.Components.Pages.Classroom;
using Kl3m.Playground.Edge;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace Kl3m.Playground.Classroom;

/// <summary>Rooms, alone or among several nodes, and each visitor's place in one, in <c>UserInterface.cs</c>.</summary>
internal static class ClassroomSetup
{
    public static IServiceCollection AddClassroom(this IServiceCollection services)
    {
        services.AddOptions<ClassroomOptions>().BindConfiguration("Classroom").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<RoomRegistry>();
        if (services.Any(service => service.ServiceType == typeof(RedisLine)))
        {
            services.AddSingleton<RedisBoard>();
            services.AddSingleton<RoomBoard>(provider => provider.GetRequiredService<RedisBoard>());
            services.AddSingleton<OtherNodes>();
            services.AddHostedService(provider =>
            {
                provider.GetRequiredService<RoomRegistry>(); // listens from the first word on
                return provider.GetRequiredService<RedisBoard>();
            });
        }
        services.AddScoped<Visitor>();
        services.AddScoped<Desk>();
        services.AddScoped<VisitorPages>();
        services.AddScoped<ClassroomState>();
        services.AddScoped<CircuitHandler, RoomConnection>();
        return services;
    }
}
