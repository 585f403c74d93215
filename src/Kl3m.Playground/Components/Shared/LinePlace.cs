namespace Kl3m.Playground.Components.Shared;

/// <summary>A place in the engine's line, in words.</summary>
internal static class LinePlace
{
    /// <param name="place">1 is next.</param>
    /// <param name="untilStart">Null where it is not known.</param>
    public static string Words(int place, TimeSpan? untilStart) =>
        $"You are {(place == 1 ? "next" : Numbers.Ordinal(place))} in line{(untilStart is { } left ? $", about {About(left)}" : "")}";

    // An estimate: no more digits than it is good for.
    private static string About(TimeSpan left) => left.TotalSeconds switch
    {
        < 1.5 => "1 s",
        < 60 => $"{Numbers.Count((long)Math.Ceiling(left.TotalSeconds))} s",
        _ => $"{Numbers.Count((long)Math.Ceiling(left.TotalMinutes))} min",
    };
}
