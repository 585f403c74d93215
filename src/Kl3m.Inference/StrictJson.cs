using System.Text.Json;
using System.Text.Unicode;

namespace Kl3m.Inference;

/// <summary>
/// JSON of a file that somebody else wrote. Byte order marks, broken UTF-8, lone surrogates, comments, trailing commas and names that
/// stand twice in an object are refused, so that whatever was parsed can be read and shown.
/// </summary>
internal static class StrictJson
{
    /// <summary>
    /// Values, names and brackets in a file: several times what the largest tokenizers have. A parsed one takes 12 bytes, its table grows by
    /// doubling, and "[]," is three bytes: without a bound a hostile file would take forty times its own size.
    /// </summary>
    private const int MaxTokens = 1_000_000;

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
            CheckSize(file, whole, utf8);
            var root = JsonElement.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false });
            Unescape(root);
            return root;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFileException(file, whole, $"is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Counts without building anything.</summary>
    private static void CheckSize(string file, string whole, ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        for (var tokens = 0; reader.Read();)
        {
            if (++tokens > MaxTokens)
            {
                throw new ModelFileException(file, whole, $"has more than {MaxTokens} values; no file of this kind has.");
            }
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
