using System.Security.Cryptography;
using System.Text.Json;

namespace Kl3m.Playground.Runs;

/// <summary>
/// The checks of a receipt: SHA-256, the first 16 hexadecimal digits, each over the one before it and the compact JSON of what it
/// stands in. They find the place of a change; who changes a text knowingly can make new ones, and only a replay finds that.
/// </summary>
internal static class ReceiptChecks
{
    public static RunReceipt Sign(RunReceipt run)
    {
        var head = OfHead(run);
        return run with { Check = head, Sequences = [.. run.Sequences.Select((sequence, index) => Sign(sequence, $"{head}/{index}"))] };
    }

    /// <summary>The path of the first thing whose check does not fit, and what it is in words; null when all do.</summary>
    public static (string Path, string What)? FindChange(RunReceipt run)
    {
        if (OfHead(run) != run.Check)
        {
            return ("check", "the model, the prompt, the settings or the vocabulary were changed: their check does not fit");
        }
        for (var index = 0; index < run.Sequences.Count; index++)
        {
            var (sequence, last) = (run.Sequences[index], $"{run.Check}/{index}");
            for (var position = 0; position < sequence.Tokens.Count; position++)
            {
                var token = sequence.Tokens[position];
                last = Of(last, token with { Check = "" });
                if (last != token.Check)
                {
                    return ($"sequences[{index}].tokens[{position}]", $"token {position + 1} of continuation {index + 1} was changed, or one before it taken out: its check does not fit");
                }
            }
            if (OfEnd(sequence, last) != sequence.Check)
            {
                return ($"sequences[{index}].check", $"the end of continuation {index + 1} was changed, after token {sequence.Tokens.Count}: its check does not fit");
            }
        }
        return null;
    }

    private static SequenceReceipt Sign(SequenceReceipt sequence, string last)
    {
        var tokens = new List<TokenReceipt>(sequence.Tokens.Count);
        foreach (var token in sequence.Tokens)
        {
            last = Of(last, token with { Check = "" });
            tokens.Add(token with { Check = last });
        }
        return sequence with { Tokens = tokens, Check = OfEnd(sequence, last) };
    }

    private static string OfHead(RunReceipt run) => Of("", run with { Check = "", Sequences = [] });

    private static string OfEnd(SequenceReceipt sequence, string last) => Of(last, sequence with { Check = "", Tokens = [] });

    private static string Of<T>(string before, T value)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.ASCII.GetBytes(before));
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(value, ReceiptJson.Compact));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
