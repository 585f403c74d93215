using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kl3m.Playground.Runs;
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
internal sealed partial class LessonBook(IOptions<LessonsOptions> options)
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

    /// <summary>A prepared run, from the teacher's folder or from ours.</summary>
    /// <exception cref="ReceiptException">It is no receipt, or not as it was written.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public Receipt Receipt(string name)
    {
        var path = new[] { options.Value.Folder, BundledFolder }.OfType<string>().Select(folder => Path.Combine(folder, "receipts", Path.GetFileName(name))).FirstOrDefault(File.Exists);
        return ReceiptJson.Read(path is null ? throw new FileNotFoundException("there is no such receipt.") : File.ReadAllBytes(path));
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
            List<string> problems = [];
            foreach (var (path, message) in LessonRules.Problems(lesson).Take(5))
            {
                problems.Add($"{name}, line {LineOf(text, path)}: {path} {message}");
            }
            return problems.Count == 0 ? new(id, lesson with { Id = id }, null) : new(id, null, string.Join('\n', problems));
        }
        catch (JsonException broken)
        {
            return new(id, null, $"{name}, line {(broken.LineNumber ?? 0) + 1}: {JsonPlace.Explain(broken)}");
        }
        catch (Exception broken) when (broken is InvalidOperationException or NotSupportedException or ArgumentException)
        {
            // The serializer's answer to a check without a kind; its line stands in the message only.
            var line = LineNumber().Match(broken.Message) is { Success: true } found ? int.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) + 1 : 1;
            return new(id, null, $"{name}, line {line}: a check needs a kind: answer, number or measure.");
        }
    }

    [GeneratedRegex("LineNumber: ([0-9]+)")]
    private static partial Regex LineNumber();

    // The value itself, or the nearest around it that the file has.
    private static long LineOf(ReadOnlySpan<byte> utf8, string path)
    {
        for (var cut = path.Length; cut > 0; cut = path.LastIndexOfAny(['.', '['], cut - 1))
        {
            if (JsonPlace.LineOf(utf8, path[..cut]) is { } line)
            {
                return line;
            }
        }
        return 1;
    }
}
