using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.FileProviders;

namespace Kl3m.Playground.Components.Styles;

/// <summary>
/// All styles of the pages in one file. Sixteen small ones cost a phone on a slow line seconds before it shows anything: each waits for a round
/// trip. In development they stay apart, so that a change is seen by loading the page again.
/// </summary>
internal sealed partial class StyleSheets(IWebHostEnvironment environment, ILogger<StyleSheets> logger)
{
    private const string MudBlazor = "_content/MudBlazor/MudBlazor.min.css";

    /// <summary>In their order: what comes later wins.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        "fonts/fonts.css", MudBlazor, "design-tokens.css", "app.css", "token-text.css", "terms.css", "charts.css", "score.css", "compare.css", "tokens.css",
        "mudblazor.css", "models.css", "narrow.css", "classroom.css", "Kl3m.Playground.styles.css", "forced-colors.css",
    ];

    private readonly Lazy<PackedFile?> packed = new(() => environment.IsDevelopment() ? null : Pack(environment.WebRootFileProvider, logger));

    /// <summary>Null where the pages link the files one by one.</summary>
    public PackedFile? Packed => packed.Value;

    private static PackedFile? Pack(IFileProvider root, ILogger logger)
    {
        var all = new StringBuilder();
        foreach (var name in Files)
        {
            if (root.GetFileInfo(name) is not { Exists: true } file)
            {
                LogMissing(logger, name);
                return null;
            }
            using var reader = new StreamReader(file.CreateReadStream());
            var text = reader.ReadToEnd();
            all.Append(name == MudBlazor ? UnusedStyles.Remove(text) : FromItsFolder(text, name)).Append('\n');
        }
        return PackedFile.Of("styles", "css", "text/css", Encoding.UTF8.GetBytes(all.ToString()));
    }

    /// <summary>Addresses of files are relative to the style sheet that names them, which lies at the root now.</summary>
    private static string FromItsFolder(string text, string name) =>
        name.LastIndexOf('/') is > 0 and var slash ? Address().Replace(text, $"url({name[..slash]}/") : text;

    [GeneratedRegex(@"url\((?![""']?(?:data:|https?:|/))")]
    private static partial Regex Address();

    [LoggerMessage(LogLevel.Warning, "The styles are served one by one: there is no {Name}")]
    private static partial void LogMissing(ILogger logger, string name);
}
