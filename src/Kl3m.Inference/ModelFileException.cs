namespace Kl3m.Inference;

/// <summary>A file of a model folder is broken, or asks for something that this program does not support.</summary>
/// <param name="file">The file's path or name.</param>
/// <param name="field">The field inside it, such as <c>model.merges[3]</c>; or the whole, such as <c>header</c>.</param>
/// <param name="problem">What is wrong with it, as the end of a sentence that starts with the field.</param>
public sealed class ModelFileException(string file, string field, string problem, Exception? inner = null)
    : Exception($"{file}: {Shown(field, 200)}: {Shown(problem, 600)}", inner)
{
    public string File { get; } = file;

    public string Field { get; } = Shown(field, 200);

    /// <summary>Names and values come out of the file and may be megabytes, or nothing; pages and logs show this text.</summary>
    private static string Shown(string text, int limit) =>
        text.Length == 0 ? "\"\"" : text.Length <= limit ? text : $"{text.AsSpan(0, char.IsHighSurrogate(text[limit - 1]) ? limit - 1 : limit)}...";
}
