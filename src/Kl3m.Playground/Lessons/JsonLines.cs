using System.Text.Json;

namespace Kl3m.Playground.Lessons;

/// <summary>Where in a JSON file each value stands: what an error needs to name the line that is wrong.</summary>
internal sealed class JsonLines
{
    private readonly Dictionary<string, int> lines = [];

    /// <param name="utf8">Valid JSON.</param>
    public JsonLines(ReadOnlySpan<byte> utf8, JsonReaderOptions options)
    {
        var reader = new Utf8JsonReader(utf8, options);
        var places = new Stack<(string Path, int Index)>();
        places.Push(("", -1));
        var name = "";
        var (line, seen) = (1, 0);
        while (reader.Read())
        {
            for (var start = (int)reader.TokenStartIndex; seen < start; seen++)
            {
                line += utf8[seen] == '\n' ? 1 : 0;
            }
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    name = reader.GetString()!;
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    places.Pop();
                    break;
                default:
                    var (path, index) = places.Pop();
                    var here = places.Count == 0 ? "$" : index >= 0 ? $"{path}[{index}]" : $"{path}.{name}";
                    places.Push((path, index >= 0 ? index + 1 : index));
                    lines[here] = line;
                    if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                    {
                        places.Push((here, reader.TokenType == JsonTokenType.StartArray ? 0 : -1));
                    }
                    break;
            }
        }
    }

    /// <summary>The line (from 1) of the value at a path such as <c>$.steps[2].check</c>, or of the nearest one around it.</summary>
    public int LineOf(string path)
    {
        while (path.Length > 0)
        {
            if (lines.TryGetValue(path, out var line))
            {
                return line;
            }
            var cut = path.LastIndexOfAny(['.', '[']);
            path = cut > 0 ? path[..cut] : "";
        }
        return 1;
    }
}
