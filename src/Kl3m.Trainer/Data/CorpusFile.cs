using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Kl3m.Trainer.Data;

/// <summary>A file of texts: UTF-8, after each document a line that holds only <c>&lt;|end|&gt;</c>; plain (.txt) or packed (.txt.xz).</summary>
internal sealed record CorpusFile(string Path)
{
    private const string End = "<|end|>";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file's name without its endings: <c>statutes</c>.</summary>
    public string Kind => System.IO.Path.GetFileName(Path).Split('.')[0];

    /// <summary>The corpus files of a folder (not of those in it), in order of their names.</summary>
    public static IReadOnlyList<CorpusFile> In(string folder)
    {
        string[] paths = Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.txt"), .. Directory.GetFiles(folder, "*.txt.xz")] : [];
        return paths.Length > 0
            ? [.. paths.Order(StringComparer.Ordinal).Select(path => new CorpusFile(path))]
            : throw new UsageException($"{folder} holds no .txt or .txt.xz files.");
    }

    /// <summary>The documents' texts, without border lines and the line breaks before them.</summary>
    public IEnumerable<string> Documents()
    {
        using var reader = new StreamReader(new MemoryStream(ReadBytes()), StrictUtf8);
        var document = new StringBuilder();
        for (var line = reader.ReadLine(); line is not null; line = reader.ReadLine())
        {
            if (line != End)
            {
                document.Append(line).Append('\n');
            }
            if ((line == End || reader.EndOfStream) && document.ToString().TrimEnd('\n') is { Length: > 0 } text)
            {
                yield return text;
                document.Clear();
            }
        }
    }

    public byte[] ReadBytes() => Path.EndsWith(".xz", StringComparison.Ordinal) ? Xz(["-dc", Path]) : File.ReadAllBytes(Path);

    /// <summary>How many bytes <c>xz -9</c> makes of a text: what a model must beat to have learned anything.</summary>
    public static int XzLength(byte[] text) => Xz(["-9c"], text).Length;

    private static byte[] Xz(string[] arguments, byte[]? input = null)
    {
        try
        {
            using var xz = Process.Start(new ProcessStartInfo("xz", arguments) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
            var writing = Task.Run(() =>
            {
                using var stdin = xz.StandardInput.BaseStream;
                stdin.Write(input);
            });
            using var output = new MemoryStream();
            xz.StandardOutput.BaseStream.CopyTo(output);
            writing.GetAwaiter().GetResult();
            xz.WaitForExit();
            return xz.ExitCode == 0 ? output.ToArray() : throw new InvalidDataException($"xz {arguments[^1]} ended with code {xz.ExitCode}.");
        }
        catch (Win32Exception e)
        {
            throw new UsageException($"The program xz is needed for .xz files and cannot be started ({e.Message}). Install xz-utils, or unpack the files.");
        }
    }
}
