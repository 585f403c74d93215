using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Kl3m.Playground.Scoring;

/// <summary>A file of texts: one a line (.txt), a JSON object with "text" or a JSON string a line (.jsonl), or a table with a column "text" (.csv).</summary>
/// <param name="Texts">In the file's order; empty ones are left out.</param>
/// <param name="Problem">Why nothing is taken, as a sentence with the way out.</param>
internal sealed record TextFile(IReadOnlyList<string> Texts, string? Problem = null)
{
    public const int MostBytes = 4 << 20;

    public const int MostTexts = 2_000;

    private const string Field = "text";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static TextFile Read(string name, byte[] bytes)
    {
        string text;
        try
        {
            text = Strict.GetString(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(3) : bytes);
        }
        catch (DecoderFallbackException)
        {
            return new([], "The file is not UTF-8. Save it as UTF-8 and choose it again.");
        }
        var read = Path.GetExtension(name).ToUpperInvariant() switch
        {
            ".CSV" => Table(text),
            ".JSONL" or ".NDJSON" or ".JSON" => Lines(text),
            _ => new TextFile([.. text.ReplaceLineEndings("\n").Split('\n').Where(line => !string.IsNullOrWhiteSpace(line))]),
        };
        return read switch
        {
            { Problem: not null } => read,
            { Texts: [] } => new([], "The file holds no text."),
            { Texts.Count: > MostTexts } => new([], Say($"The file holds {read.Texts.Count:N0} texts, and at most {MostTexts:N0} are read; take a part of it.")),
            _ => read,
        };
    }

    private static TextFile Table(string text)
    {
        if (CsvTable.Read(text) is not [var head, .. var rows])
        {
            return new([]);
        }
        var column = Array.FindIndex(head, name => name.Trim().Equals(Field, StringComparison.OrdinalIgnoreCase));
        if (column < 0)
        {
            // A table of one column may come without a head.
            return head.Length == 1
                ? new([.. rows.Prepend(head).Select(row => row[0]).Where(value => !string.IsNullOrWhiteSpace(value))])
                : new([], $"The table has no column “{Field}”; it has {string.Join(", ", head.Take(8).Select(name => $"“{Shown(name)}”"))}. Rename the one that holds the texts.");
        }
        var texts = new List<string>();
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Length <= column)
            {
                return new([], Say($"Row {i + 2:N0} of the table has {rows[i].Length:N0} columns and so no “{Field}”."));
            }
            if (!string.IsNullOrWhiteSpace(rows[i][column]))
            {
                texts.Add(rows[i][column]);
            }
        }
        return new(texts);
    }

    private static TextFile Lines(string text)
    {
        var texts = new List<string>();
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace())
            {
                continue;
            }
            if (TextOf(line.ToString()) is not { } value)
            {
                return new([], Say($"Line {number:N0} is no JSON object with a text in “{Field}”, and no JSON string."));
            }
            if (!string.IsNullOrWhiteSpace(value))
            {
                texts.Add(value);
            }
        }
        return new(texts);
    }

    private static string? TextOf(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return root.ValueKind switch
            {
                JsonValueKind.String => root.GetString(),
                JsonValueKind.Object when root.TryGetProperty(Field, out var field) && field.ValueKind == JsonValueKind.String => field.GetString(),
                _ => null,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Broken, or holding half a surrogate pair.
            return null;
        }
    }

    private static string Shown(string name) => name.Length <= 40 ? name : name[..40] + "…";

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}
