using System.Text;

namespace Kl3m.Playground.Components.Shared;

/// <summary>Text in a field of one line: \n is a new line, \t a tab, \\ a backslash; any other backslash is itself.</summary>
internal static class EscapedText
{
    public static string Read(string? written)
    {
        var text = new StringBuilder();
        for (var i = 0; i < written?.Length; i++)
        {
            var next = written[i] == '\\' && i + 1 < written.Length ? written[i + 1] : '\0';
            var read = next switch { 'n' => '\n', 't' => '\t', '\\' => '\\', _ => '\0' };
            text.Append(read == '\0' ? written[i] : read);
            i += read == '\0' ? 0 : 1;
        }
        return text.ToString();
    }

    public static string Write(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
}
