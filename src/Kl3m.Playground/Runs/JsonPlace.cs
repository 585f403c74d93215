using System.Text.Json;
using System.Text.RegularExpressions;

namespace Kl3m.Playground.Runs;

/// <summary>Where in a JSON file something stands, and what its reader has against it, in words for people.</summary>
internal static partial class JsonPlace
{
    /// <summary>The line, counted from 1, on which the value of a path such as <c>runs[0].sequences[1].check</c> begins; null where there is none.</summary>
    public static long? LineOf(ReadOnlySpan<byte> utf8, string path)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 64 });
        // Of each container that is open: what its present value is called, and how many values an array has had.
        var names = new Stack<(string Path, int Index)>();
        var property = "";
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject)
            {
                names.Pop();
                continue;
            }
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                property = reader.GetString() ?? "";
                continue;
            }
            var here = "";
            if (names.TryPop(out var parent))
            {
                here = parent.Index < 0 ? $"{parent.Path}.{property}" : $"{parent.Path}[{parent.Index}]";
                names.Push(parent.Index < 0 ? parent : (parent.Path, parent.Index + 1));
            }
            if (here == "." + path)
            {
                return utf8[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;
            }
            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
            {
                names.Push((here, reader.TokenType == JsonTokenType.StartArray ? 0 : -1));
            }
        }
        return null;
    }

    public static string Explain(JsonException broken)
    {
        var at = broken.Message.IndexOf(" Path: ", StringComparison.Ordinal);
        var words = at < 0 ? broken.Message : broken.Message[..at];
        var path = broken.Path is { Length: > 2 } found ? found[2..] : "the file";
        path = path.Length > 120 ? path[..120] + "…" : path;
        if (Missing().Match(words) is { Success: true } missing)
        {
            return $"{path} lacks {missing.Groups[1].Value}.";
        }
        if (Unknown().Match(words) is { Success: true } unknown)
        {
            return $"{path}: {(unknown.Groups[1].Length > 60 ? "a name" : $"the name '{unknown.Groups[1].Value}'")} is not known there.";
        }
        return words.Contains("could not be converted", StringComparison.Ordinal) || words.Contains("null", StringComparison.Ordinal)
            ? $"{path} holds what does not belong there."
            : $"{path} is not valid JSON: {(words.Length > 200 ? words[..200] + "…" : words)}";
    }

    [GeneratedRegex("missing required properties including: (.+?)\\.?$")]
    private static partial Regex Missing();

    [GeneratedRegex("^The JSON property '(.*)' could not be mapped")]
    private static partial Regex Unknown();
}
