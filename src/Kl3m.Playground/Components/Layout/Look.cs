namespace Kl3m.Playground.Components.Layout;

/// <summary>How the page looks in this browser, as early.js remembers it.</summary>
/// <param name="Theme"><c>system</c>, <c>light</c> or <c>dark</c>: what was chosen.</param>
/// <param name="Palette"><c>blue</c> or <c>cividis</c>.</param>
/// <param name="Keys"><c>on</c> or <c>off</c>: shortcuts of a single letter.</param>
/// <param name="IsDark">What came of it.</param>
public sealed record Look(string Theme = "system", string Palette = "blue", string Keys = "on", bool Presentation = false, bool IsDark = false)
{
    public string NextTheme => Theme switch { "system" => "light", "light" => "dark", _ => "system" };
}
