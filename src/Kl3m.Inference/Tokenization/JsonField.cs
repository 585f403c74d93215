using System.Text.Json;

namespace Kl3m.Inference.Tokenization;

/// <summary>A value inside a JSON file that knows where it stands, so that whatever is wrong with it is said by name.</summary>
internal readonly record struct JsonField(string File, string Path, JsonElement Element)
{
    public const string WholeFile = "(whole file)";

    /// <exception cref="ModelFileException"><inheritdoc cref="StrictJson.Parse"/></exception>
    public static JsonField Parse(ReadOnlySpan<byte> json, string file) => new(file, "", StrictJson.Parse(file, WholeFile, json));

    public ModelFileException Error(string problem) => new(File, Path.Length == 0 ? WholeFile : Path, problem);

    /// <summary>The member of that name, or null when it is absent or null.</summary>
    public JsonField? Optional(string name) =>
        Expect(JsonValueKind.Object, "an object").Element.TryGetProperty(name, out var element) && element.ValueKind != JsonValueKind.Null
            ? new(File, Path.Length == 0 ? name : $"{Path}.{name}", element)
            : null;

    public JsonField Required(string name) => Optional(name) ?? throw Error($"lacks \"{name}\".");

    public JsonField OnlyWith(params ReadOnlySpan<string> names)
    {
        foreach (var member in Expect(JsonValueKind.Object, "an object").Element.EnumerateObject())
        {
            if (!names.Contains(member.Name))
            {
                throw Error($"has \"{Shorten(member.Name)}\", which is not supported.");
            }
        }
        return this;
    }

    public string String() => Expect(JsonValueKind.String, "a text").Element.GetString()!;

    public bool Boolean() => Element.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? Element.GetBoolean()
        : throw Error($"must be true or false, not {Shown}.");

    /// <summary>A whole number from 0 to <paramref name="limit"/> - 1.</summary>
    public int Index(int limit) => Expect(JsonValueKind.Number, "a number").Element.TryGetInt32(out var value) && value >= 0 && value < limit
        ? value
        : throw Error($"must be a whole number from 0 to {limit - 1}, not {Shown}.");

    public IEnumerable<JsonField> Items()
    {
        var (file, path) = (File, Path);
        return Expect(JsonValueKind.Array, "a list").Element.EnumerateArray().Select((item, i) => new JsonField(file, $"{path}[{i}]", item));
    }

    public IEnumerable<(string Name, JsonField Value)> Members()
    {
        foreach (var member in Expect(JsonValueKind.Object, "an object").Element.EnumerateObject())
        {
            yield return (member.Name, new(File, $"{Path}[{Shorten(member.Name)}]", member.Value));
        }
    }

    private JsonField Expect(JsonValueKind kind, string what) => Element.ValueKind == kind ? this : throw Error($"must be {what}, not {Shown}.");

    public string Shown => Shorten(Element.GetRawText());

    private static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
