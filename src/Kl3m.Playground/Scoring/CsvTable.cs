using System.Text;

namespace Kl3m.Playground.Scoring;

/// <summary>Comma-separated values, RFC 4180: fields may stand in quotation marks and then hold commas, line breaks and doubled quotation marks.</summary>
internal static class CsvTable
{
    /// <summary>The rows of a text; a row that holds nothing at all is left out. A quotation mark that is never closed holds the rest.</summary>
    public static List<string[]> Read(string text)
    {
        var (rows, row, field, quoted) = (new List<string[]>(), new List<string>(), new StringBuilder(), false);
        void EndRow()
        {
            row.Add(field.ToString());
            field.Clear();
            if (row is not [""])
            {
                rows.Add([.. row]);
            }
            row.Clear();
        }
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (i + 1 < text.Length && text[i + 1] == '"')
                {
                    field.Append(text[i++]);
                }
                else
                {
                    quoted = false;
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                quoted = true;
            }
            else if (c == ',')
            {
                row.Add(field.ToString());
                field.Clear();
            }
            else if (c == '\n')
            {
                EndRow();
            }
            else if (c != '\r' || i + 1 >= text.Length || text[i + 1] != '\n')
            {
                field.Append(c);
            }
        }
        if (field.Length > 0 || row.Count > 0)
        {
            EndRow();
        }
        return rows;
    }

    public static string Write(IEnumerable<IEnumerable<string>> rows) => string.Concat(rows.Select(row => string.Join(',', row.Select(Field)) + "\r\n"));

    // A spreadsheet would run what begins like a formula: an apostrophe makes it a text there.
    private static string Field(string value)
    {
        var safe = value is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] && !double.TryParse(value, out _) ? "'" + value : value;
        return safe.AsSpan().IndexOfAny("\",\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
