using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Kl3m.Inference.Weights;

/// <summary>A JSON object that somebody else wrote: every access names file and field when it is not as it should be.</summary>
internal readonly struct JsonFields(string file, JsonElement element)
{
    /// <summary>A thousand times what these files have. Parsed, a hostile one takes up to forty times its size.</summary>
    private const long MaxFileBytes = 4 << 20;

    public string File => file;

    /// <summary>The fields in the file's order.</summary>
    public IEnumerable<(string Name, JsonElement Value)> Fields => element.EnumerateObject().Select(pair => (pair.Name, pair.Value));

    public static JsonFields Load(string path)
    {
        var file = Path.GetFileName(path);
        try
        {
            var length = new FileInfo(path).Length;
            return length <= MaxFileBytes
                ? Parse(file, System.IO.File.ReadAllBytes(path))
                : throw new ModelFileException(file, "length", $"{length} bytes are too many for this file (at most {MaxFileBytes}).");
        }
        catch (FileNotFoundException)
        {
            throw new ModelFileException(file, "file", $"is missing from {Path.GetDirectoryName(path)}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(file, "file", $"cannot be read: {e.Message}", e);
        }
    }

    public static JsonFields Parse(string file, ReadOnlySpan<byte> utf8)
    {
        var root = StrictJson.Parse(file, "text", utf8);
        return root.ValueKind == JsonValueKind.Object
            ? new JsonFields(file, root)
            : throw new ModelFileException(file, "text", $"must be a JSON object, not {Kind(root)}.");
    }

    public bool Has(string name) => element.TryGetProperty(name, out _);

    /// <summary>False where the field is absent or null.</summary>
    public bool TryGet(string name, out JsonElement value) => element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    public int Int32(string name, int absent, int min, int max)
    {
        if (!element.TryGetProperty(name, out var value))
        {
            return absent;
        }
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw Wrong(name, $"must be a whole number from {min} to {max}, not {Text(value)}.");
    }

    public double Double(string name, double absent, double min, double max)
    {
        if (!element.TryGetProperty(name, out var value))
        {
            return absent;
        }
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max
            ? number
            : throw Wrong(name, FormattableString.Invariant($"must be a number from {min} to {max}, not {Text(value)}."));
    }

    public bool Bool(string name, bool absent)
    {
        if (!element.TryGetProperty(name, out var value))
        {
            return absent;
        }
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, $"must be true or false, not {Text(value)}."),
        };
    }

    public string String(string name, string? absent = null)
    {
        if (!element.TryGetProperty(name, out var value))
        {
            return absent ?? throw Wrong(name, "is missing.");
        }
        return String(name, value);
    }

    public string String(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, $"must be a string, not {Text(value)}.");

    public JsonFields Object(string name)
    {
        if (!element.TryGetProperty(name, out var value))
        {
            throw Wrong(name, "is missing.");
        }
        return Object(name, value);
    }

    public JsonFields Object(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object ? new JsonFields(file, value) : throw Wrong(name, $"must be an object, not {Text(value)}.");

    public ModelFileException Wrong(string field, string problem, Exception? inner = null) => new(file, field, problem, inner);

    /// <summary>A value as a message shows it: short, whatever the file holds.</summary>
    public static string Text(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 60 ? text : $"{Kind(value)} of {text.Length} characters";
    }

    [SuppressMessage("Globalization", "CA1308", Justification = "A word in a message.")]
    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Array or JsonValueKind.Object => $"an {value.ValueKind.ToString().ToLowerInvariant()}",
        JsonValueKind.Null => "null",
        _ => $"a {value.ValueKind.ToString().ToLowerInvariant()}",
    };
}
