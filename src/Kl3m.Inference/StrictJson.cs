using System.Text.Json;
using System.Text.Unicode;

namespace Kl3m.Inference;

/// <summary>
/// JSON of a file that somebody else wrote. Byte order marks, broken UTF-8, lone surrogates, comments, trailing commas and names that
/// stand twice in an object are refused, so that whatever was parsed can be read and shown.
/// </summary>
internal static class StrictJson
{
    /// <param name="whole">What errors call the file's text as a whole.</param>
    /// <exception cref="ModelFileException">The bytes are not one JSON value by these rules.</exception>
    public static JsonElement Parse(string file, string whole, ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
        {
            throw new ModelFileException(file, whole, "is not UTF-8.");
        }
        try
        {
            var root = JsonElement.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false });
            Unescape(root);
            return root;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFileException(file, whole, $"is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Reads every name and text once, so that a lone surrogate in one is found here and not somewhere later.</summary>
    private static void Unescape(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            _ = value.GetString();
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                Unescape(item);
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in value.EnumerateObject())
            {
                _ = field.Name;
                Unescape(field.Value);
            }
        }
    }
}
