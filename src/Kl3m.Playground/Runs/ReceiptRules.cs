using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>What a receipt may hold: so that whatever was read can be shown and run without surprises.</summary>
internal static class ReceiptRules
{
    public const int MaxRuns = 16;
    private const int MaxStages = 16;
    private const int MaxName = 512;
    private const double Tolerance = 1e-3;

    /// <summary>The first thing that is wrong, by its path; null when nothing is.</summary>
    public static (string Path, string What)? FindProblem(Receipt receipt)
    {
        if (receipt.Format != Receipt.FormatName || receipt.Version is < 1 or > Receipt.CurrentVersion)
        {
            return (receipt.Format != Receipt.FormatName ? "format" : "version", $"this program reads {Receipt.FormatName}, versions 1 to {Receipt.CurrentVersion}");
        }
        if (receipt.Runs.Count is < 1 or > MaxRuns)
        {
            return ("runs", $"a receipt holds 1 to {MaxRuns} runs, not {receipt.Runs.Count}");
        }
        for (var i = 0; i < receipt.Runs.Count; i++)
        {
            var run = receipt.Runs[i];
            if (run is null)
            {
                return ($"runs[{i}]", "is nothing");
            }
            if ((FindNull(run) ?? ReceiptChecks.FindChange(run) ?? InHead(run) ?? InSequences(run)) is var (path, what))
            {
                return ($"runs[{i}].{path}", what);
            }
        }
        return null;
    }

    /// <summary>Annotations keep null out of properties, not out of lists.</summary>
    private static (string, string)? FindNull(RunReceipt run)
    {
        for (var i = 0; i < run.Sequences.Count; i++)
        {
            if (run.Sequences[i] is not { } sequence)
            {
                return ($"sequences[{i}]", "is nothing");
            }
            for (var position = 0; position < sequence.Tokens.Count; position++)
            {
                if (sequence.Tokens[position] is null)
                {
                    return ($"sequences[{i}].tokens[{position}]", "is nothing");
                }
            }
        }
        return null;
    }

    private static (string, string)? InHead(RunReceipt run)
    {
        var model = run.Model;
        if (model.VocabularySize is < 1 or > 1 << 24 || model.ContextLength is < 1 or > 1 << 28 || model.ParameterCount < 0 || model.TopOnly < 0 || model.TopOnly > model.VocabularySize)
        {
            return ("model", "vocabulary, context, parameters and top_only must be counts");
        }
        if (model.Id.Length > MaxName || model.Dtype.Length > MaxName || model.Device.Length > MaxName || model.Files.Count > 1000)
        {
            return ("model", $"names have at most {MaxName} characters");
        }
        if (run.Sampling.Validate().FirstOrDefault() is { } problem)
        {
            return ("sampling", $"{problem.Field} {problem.Message.TrimEnd('.')}");
        }
        if (run.Sampling.Stop.Any(stop => stop is null) || run.FirstSequence < 0)
        {
            return ("sampling", "holds nothing where a text must stand");
        }
        if (run.Sequences.Count != run.Sampling.Sequences)
        {
            return ("sequences", $"there are {run.Sequences.Count}, and the settings asked for {run.Sampling.Sequences}");
        }
        var id = run.PromptTokenIds.Concat(run.CompletionTokenIds).FirstOrDefault(id => id < 0 || id >= model.VocabularySize, -1);
        return id != -1 || run.PromptTokenIds.Concat(run.CompletionTokenIds).Contains(-1)
            ? ("prompt_token_ids", $"{id} is no token of a vocabulary of {model.VocabularySize}")
            : null;
    }

    private static (string, string)? InSequences(RunReceipt run)
    {
        for (var i = 0; i < run.Sequences.Count; i++)
        {
            var sequence = run.Sequences[i];
            var given = run.CompletionTokenIds;
            if (!sequence.Tokens.Take(given.Count).Select(token => token.Id).SequenceEqual(given))
            {
                return ($"sequences[{i}].tokens", "they do not begin with completion_token_ids");
            }
            if (sequence.Tokens.Count - given.Count > run.Sampling.MaxTokens)
            {
                return ($"sequences[{i}].tokens", $"there are {sequence.Tokens.Count}, and the settings allowed {run.Sampling.MaxTokens}");
            }
            for (var position = 0; position < sequence.Tokens.Count; position++)
            {
                if (InToken(sequence.Tokens[position], run.Model.VocabularySize) is { } what)
                {
                    return ($"sequences[{i}].tokens[{position}]", what);
                }
            }
        }
        return null;
    }

    // What is not known of a token is NaN, and its rank 0.
    private static string? InToken(TokenReceipt token, int vocabulary) => token switch
    {
        _ when token.Id < 0 || token.Id >= vocabulary => $"{token.Id} is no token of a vocabulary of {vocabulary}",
        { RawLogprob: > (float)Tolerance } or { FinalLogprob: > (float)Tolerance } => "a log-probability is at most 0",
        _ when token.Rank < 0 || token.Rank > vocabulary => $"{token.Rank} is no rank in a vocabulary of {vocabulary}",
        { Entropy: < -(float)Tolerance } => "an entropy is at least 0",
        { U: < 0 or >= 1 } => "a dart is in [0, 1)",
        { Low: < -Tolerance } or { High: > 1 + Tolerance } => "a segment lies in [0, 1]",
        _ when token.Kept < 0 || token.Kept > vocabulary => $"{token.Kept} of {vocabulary} tokens cannot be left",
        { Stages.Count: > MaxStages } => $"there are at most {MaxStages} stages",
        { Alternatives.Count: > GenerationRequest.MaxAlternatives } => $"there are at most {GenerationRequest.MaxAlternatives} alternatives",
        _ when token.Alternatives.Any(alternative => alternative.TokenId < 0 || alternative.TokenId >= vocabulary || alternative.RawLogprob > Tolerance) => "an alternative is no token of the vocabulary, or more than certain",
        _ => null,
    };
}
