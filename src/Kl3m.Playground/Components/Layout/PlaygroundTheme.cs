using MudBlazor;

namespace Kl3m.Playground.Components.Layout;

/// <summary>
/// The design tokens (wwwroot/design-tokens.css) as MudBlazor's theme. mudblazor.css binds MudBlazor's variables to the tokens as well,
/// because the browser knows its theme before the circuit does; a test holds the two together.
/// </summary>
internal static class PlaygroundTheme
{
    public static MudTheme Instance { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Background = "#F6F4EE",
            BackgroundGray = "#F1EEE6",
            Surface = "#FFFEFB",
            AppbarBackground = "#FFFEFB",
            AppbarText = "#1A1D24",
            DrawerBackground = "#FFFEFB",
            DrawerText = "#1A1D24",
            DrawerIcon = "#434955",
            TextPrimary = "#1A1D24",
            TextSecondary = "#434955",
            TextDisabled = "#5F6573",
            ActionDefault = "#434955",
            ActionDisabled = "#5F6573",
            ActionDisabledBackground = "#F1EEE6",
            Primary = "#1D4289",
            PrimaryDarken = "#143069",
            PrimaryContrastText = "#FFFFFF",
            Success = "#1E6B45",
            Warning = "#7F4D00",
            Error = "#A3262A",
            Info = "#1D4289",
            LinesDefault = "#DDD8CB",
            LinesInputs = "#857F70",
            TableLines = "#DDD8CB",
            Divider = "#DDD8CB",
        },
        PaletteDark = new PaletteDark
        {
            Background = "#101319",
            BackgroundGray = "#20262F",
            Surface = "#171B22",
            AppbarBackground = "#171B22",
            AppbarText = "#ECEFF4",
            DrawerBackground = "#171B22",
            DrawerText = "#ECEFF4",
            DrawerIcon = "#BFC7D2",
            TextPrimary = "#ECEFF4",
            TextSecondary = "#BFC7D2",
            TextDisabled = "#9AA4B2",
            ActionDefault = "#BFC7D2",
            ActionDisabled = "#9AA4B2",
            ActionDisabledBackground = "#20262F",
            Primary = "#8FB9F2",
            PrimaryDarken = "#B5D1F8",
            PrimaryContrastText = "#0B1422",
            Success = "#7CCBA0",
            Warning = "#E7B766",
            Error = "#F2938C",
            Info = "#8FB9F2",
            LinesDefault = "#2F3742",
            LinesInputs = "#737D8C",
            TableLines = "#2F3742",
            Divider = "#2F3742",
        },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = ["Inter Variable", "system-ui", "sans-serif"], FontSize = "14px", LineHeight = "20px", LetterSpacing = "normal" },
            Button = new ButtonTypography { FontSize = "14px", FontWeight = "600", LineHeight = "20px", LetterSpacing = "normal", TextTransform = "none" },
        },
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "4px", AppbarHeight = "52px" },
    };
}
