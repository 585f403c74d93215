using System.Text.Json;

namespace Kl3m.Playground.Backends;

/// <summary>Where the model to serve lies, and what clients call it.</summary>
internal sealed record ModelFolder(string Path, string Id)
{
    public static string BundledPath { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "BundledModel");

    /// <summary>What lies on this machine: the folder that is named, else the bundled model.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static ModelFolder Find(ModelOptions options) => options switch
    {
        { Path: { Length: > 0 } path } => Existing(path, $"Model:Path names '{path}', which is no folder.", options.Id),
        _ => Existing(BundledPath, $"The bundled model is missing: there is no folder '{BundledPath}'. Let Model:Path name a model folder.", null),
    };

    private static ModelFolder Existing(string path, string otherwise, string? id)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        return Directory.Exists(full) ? new(full, id is { Length: > 0 } ? id : NameOf(full)) : throw new DirectoryNotFoundException(otherwise);
    }

    /// <summary>What clients call the model of a folder that nobody named.</summary>
    public static string NameOf(string path) =>
        HuggingFaceCache.IdOf(path) ?? (path == BundledPath ? ConfiguredName(path) : null) ?? System.IO.Path.GetFileName(path);

    /// <summary>What config.json says that the model is called; null if it does not, or cannot be read (loading will say why).</summary>
    private static string? ConfiguredName(string path)
    {
        try
        {
            using var config = JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(path, "config.json")));
            return config.RootElement.TryGetProperty("_name_or_path", out var name) && name.GetString() is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is IOException or JsonException or InvalidOperationException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
