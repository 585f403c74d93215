using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Kl3m.Playground.Runs;

/// <summary>A receipt's tokens as a table of comma-separated values (RFC 4180): one row to a token.</summary>
internal static class ReceiptCsv
{
    private const string Head = "run,model,sequence,position,token_id,text,raw_logprob,final_logprob,rank,surprisal_bits,entropy_bits,u,low,high,kept";

    public static string Write(Receipt receipt)
    {
        var csv = new StringBuilder(Head).Append("\r\n");
        for (var run = 0; run < receipt.Runs.Count; run++)
        {
            var model = Quote(receipt.Runs[run].Model.Id);
            for (var sequence = 0; sequence < receipt.Runs[run].Sequences.Count; sequence++)
            {
                var tokens = receipt.Runs[run].Sequences[sequence].Tokens;
                for (var position = 0; position < tokens.Count; position++)
                {
                    var token = tokens[position];
                    csv.Append(CultureInfo.InvariantCulture, $"{run + 1},{model},{sequence + 1},{position + 1},{token.Id},{Quote(token.Text)},{token.RawLogprob},{token.FinalLogprob},{token.Rank},");
                    csv.Append(CultureInfo.InvariantCulture, $"{-token.RawLogprob / MathF.Log(2)},{token.Entropy},{token.U},{token.Low},{token.High},{token.Kept}\r\n");
                }
            }
        }
        return csv.ToString();
    }

    // As a JSON string: white space can be seen, and the cell begins with a quotation mark, so no spreadsheet takes it for a formula.
    private static string Quote(string text) => $"\"{JsonSerializer.Serialize(text, ReceiptJson.Compact).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
