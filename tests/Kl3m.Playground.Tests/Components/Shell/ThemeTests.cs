using System.Text.RegularExpressions;
using Kl3m.Playground.Components.Layout;
using Kl3m.Tests.Shared;
using MudBlazor;

namespace Kl3m.Playground.Tests.Components.Shell;

public sealed partial class ThemeTests
{
    [Theory]
    [InlineData("[data-theme=\"light\"]", false)]
    [InlineData("[data-theme=\"dark\"]", true)]
    public void The_theme_has_the_tokens_colours(string selector, bool dark)
    {
        Palette palette = dark ? PlaygroundTheme.Instance.PaletteDark : PlaygroundTheme.Instance.PaletteLight;
        var css = File.ReadAllText(Path.Combine(SharedFolder.Repository, "wwwroot", "design-tokens.css"));
        var block = css[css.IndexOf(selector, StringComparison.Ordinal)..];
        var tokens = Token().Matches(block[..block.IndexOf('}', StringComparison.Ordinal)]).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        (string Token, string Colour)[] pairs =
        [
            ("paper", palette.Background.Value), ("surface", palette.Surface.Value), ("surface", palette.AppbarBackground.Value), ("sunken", palette.BackgroundGray.Value),
            ("ink", palette.TextPrimary.Value), ("ink-2", palette.TextSecondary.Value), ("ink-3", palette.TextDisabled.Value), ("line", palette.LinesDefault.Value),
            ("line-strong", palette.LinesInputs.Value), ("accent", palette.Primary.Value), ("on-accent", palette.PrimaryContrastText.Value),
            ("ok", palette.Success.Value), ("warn", palette.Warning.Value), ("error", palette.Error.Value),
        ];
        Assert.All(pairs, pair => Assert.Equal(new MudBlazor.Utilities.MudColor(tokens[pair.Token]), new MudBlazor.Utilities.MudColor(pair.Colour)));
    }

    [GeneratedRegex("--kp-([a-z0-9-]+): (#[0-9A-Fa-f]{6});")]
    private static partial Regex Token();
}
