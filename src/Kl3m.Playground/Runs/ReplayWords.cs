using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Runs;

/// <summary>What came of a replay, in one sentence.</summary>
/// <param name="Agrees">Every token came again.</param>
public sealed record ReplayWords(bool Agrees, string Sentence)
{
    /// <summary>Why a model cannot even try; null when it can.</summary>
    public static string? Hindrance(ModelInfo recorded, ModelInfo here)
    {
        var (then, now) = (recorded.FileHashes.GetValueOrDefault("tokenizer.json"), here.FileHashes.GetValueOrDefault("tokenizer.json"));
        var same = then is not null && now is not null ? then == now : recorded.Id == here.Id && recorded.VocabularySize == here.VocabularySize;
        return same ? null : $"This was written by {Visible.Line(recorded.Id)}, which is not loaded here; {here.Id} splits text into other tokens.";
    }

    internal static ReplayWords Of(ReplayVerdict verdict, Run run, ITextGenerator writer, ITextGenerator generator)
    {
        var apart = Apart(run.Model, generator.Model);
        if (verdict.Agrees)
        {
            var exactly = verdict.LargestGap == 0 ? ", bit for bit" : $"; their raw log-probabilities differ by {verdict.LargestGap:0.0e+0} at most";
            return new(true, $"Replayed: all {Numbers.Of(verdict.Total, "token")} agree{exactly}.{apart}");
        }
        if (verdict.First is not { } first)
        {
            return new(false, $"Only {Numbers.Count(verdict.Agreed)} of {Numbers.Of(verdict.Total, "token")} came again.{apart}");
        }
        var where = $"token {Numbers.Count(first.Token.Position + 1)}{(run.Sequences.Count > 1 ? $" of continuation {first.Token.Sequence + 1}" : "")}";
        var then = Visible.Name(DrawnToken.Describe(writer, first.Recorded.TokenId));
        var now = first.Now is { } other ? $"now came “{Visible.Name(DrawnToken.Describe(generator, other.TokenId))}”" : "now the text ended";
        return new(false, $"It does not agree from {where} on: recorded is “{then}”, {now}. {Numbers.Count(verdict.Agreed)} of {Numbers.Of(verdict.Total, "token")} agree.{apart}");
    }

    private static string Apart(ModelInfo then, ModelInfo now)
    {
        var files = then.FileHashes.Where(file => now.FileHashes.TryGetValue(file.Key, out var hash) && hash != file.Value).Select(file => Visible.Line(file.Key)).ToList();
        List<string> differences = [];
        if (then.FileHashes.Count > 0 && now.FileHashes.Count > 0 && files.Count > 0)
        {
            differences.Add($"other files ({string.Join(", ", files.Take(3))})");
        }
        if (then.Dtype != now.Dtype || then.Device != now.Device)
        {
            differences.Add($"{Visible.Line(then.Dtype)} on {Visible.Line(then.Device)} then, {now.Dtype} on {now.Device} now");
        }
        return differences.Count == 0 ? "" : $" The model is not run as it was: {string.Join("; ", differences)}.";
    }
}
