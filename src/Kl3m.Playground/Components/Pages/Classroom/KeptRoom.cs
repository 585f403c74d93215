namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>A room whose key this browser holds, as classroom.js tells it.</summary>
public sealed record KeptRoom(string Key, bool Teacher, string Code = "");
