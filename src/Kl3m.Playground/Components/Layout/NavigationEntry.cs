namespace Kl3m.Playground.Components.Layout;

/// <summary>A page in the app bar. Only pages that exist are listed.</summary>
/// <param name="Address">Relative to the base; empty is the playground.</param>
internal sealed record NavigationEntry(string Address, string Title)
{
    public static IReadOnlyList<NavigationEntry> All { get; } =
    [
        new("", "Playground"),
        new("lab", "Lab"),
        new("compare", "Compare"),
        new("score", "Score"),
        new("tokens", "Tokens"),
        new("classroom", "Classroom"),
        new("lessons", "Lessons"),
        new("models", "Models"),
        new("about", "About"),
    ];
}
