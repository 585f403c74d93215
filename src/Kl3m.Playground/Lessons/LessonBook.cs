using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Lessons;

/// <summary>The configuration's <c>Lessons</c> section.</summary>
internal sealed record LessonsOptions
{
    /// <summary>A folder of a teacher's own lessons, beside those that ship with the app.</summary>
    public string? Folder { get; init; }
}

/// <summary>A lesson file: the lesson, or why it is none.</summary>
/// <param name="Error">For the person who wrote the file: its name, the line, the field, the remedy.</param>
internal sealed record LessonFile(string Id, Lesson? Lesson, string? Error);

/// <summary>All lessons there are. Files are read again when they change, so that a teacher sees what a correction did by reloading the page.</summary>
internal sealed class LessonBook(IOptions<LessonsOptions> options)
{
    private const long MostBytes = 1 << 20;

    private readonly ConcurrentDictionary<string, (DateTime Written, LessonFile File)> read = new();

    public static string BundledFolder { get; } = Path.Combine(AppContext.BaseDirectory, "Lessons", "Files");

    /// <summary>Those that ship with the app in their order, then the teacher's own; one of the same name stands in for a shipped one.</summary>
    public IReadOnlyList<LessonFile> All()
    {
        var files = new Dictionary<string, LessonFile>(StringComparer.OrdinalIgnoreCase);
        foreach (var folder in new[] { BundledFolder, options.Value.Folder })
        {
            if (folder is { Length: > 0 } && !Directory.Exists(folder))
            {
                files["folder"] = new("folder", null, $"Lessons:Folder names '{folder}', which is no folder.");
            }
            else if (folder is { Length: > 0 })
            {
                foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal))
                {
                    var file = Read(path);
                    files[file.Id] = file;
                }
            }
        }
        return [.. files.Values];
    }

    public LessonFile? Find(string id) => All().FirstOrDefault(file => string.Equals(file.Id, id, StringComparison.OrdinalIgnoreCase));

    private LessonFile Read(string path)
    {
        var written = File.GetLastWriteTimeUtc(path);
        if (read.TryGetValue(path, out var known) && known.Written == written)
        {
            return known.File;
        }
        var file = Load(path);
        read[path] = (written, file);
        return file;
    }

    private static LessonFile Load(string path)
    {
        // 01-temperature.json is the lesson "temperature": the number makes the order.
        var name = Path.GetFileNameWithoutExtension(path);
        var id = name.TrimStart("0123456789".ToCharArray()).TrimStart('-', '_') is { Length: > 0 } rest ? rest : name;
        try
        {
            return new FileInfo(path).Length <= MostBytes ? Parse(id, Path.GetFileName(path), File.ReadAllBytes(path)) : new(id, null, $"{Path.GetFileName(path)} is larger than 1 MB.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new(id, null, $"{Path.GetFileName(path)} cannot be read: {unreadable.Message}");
        }
    }

    internal static LessonFile Parse(string id, string name, byte[] utf8)
    {
        ReadOnlySpan<byte> text = utf8;
        text = text.StartsWith("\uFEFF"u8) ? text[3..] : text;
        try
        {
            var lesson = JsonSerializer.Deserialize<Lesson>(text, LessonJson.Options) ?? throw new JsonException("The file holds nothing.");
            var lines = new JsonLines(text, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            string[] problems = [.. LessonRules.Problems(lesson).Select(problem => $"{name}, line {lines.LineOf(problem.Path)}: {problem.Path[2..]} {problem.Message}")];
            return problems.Length == 0 ? new(id, lesson with { Id = id }, null) : new(id, null, string.Join('\n', problems.Take(5)));
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or NotSupportedException)
        {
            var at = broken as JsonException ?? broken.InnerException as JsonException;
            var line = at?.LineNumber is { } number ? $", line {(number + 1).ToString(CultureInfo.InvariantCulture)}" : "";
            return new(id, null, $"{name}{line}: {Reason(broken.Message)}");
        }
    }

    // The serializer's words are for programmers: its type names and its own place are left out.
    private static string Reason(string message)
    {
        var cut = message.IndexOf(" Path:", StringComparison.Ordinal);
        var reason = cut > 0 ? message[..cut] : message;
        return reason
            .Replace($" could not be mapped to any .NET member contained in type 'Kl3m.Playground.Lessons.", " is no field of '", StringComparison.Ordinal)
            .Replace("Kl3m.Playground.Lessons.", "", StringComparison.Ordinal)
            .Replace("JSON deserialization for type ", "", StringComparison.Ordinal)
            .Replace("The JSON property", "The field", StringComparison.Ordinal)
            .Replace(" was missing required properties including:", " lacks", StringComparison.Ordinal);
    }
}
