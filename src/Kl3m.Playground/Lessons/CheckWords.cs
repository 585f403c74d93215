using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Lessons;

/// <summary>What came of a check.</summary>
/// <param name="Sentence">What is missing, or that it was done.</param>
internal sealed record CheckResult(bool Passed, string Sentence);

/// <summary>Judges a step.</summary>
internal static class CheckWords
{
    /// <param name="answer">The option's number or the number typed, for checks that ask.</param>
    public static CheckResult Judge(Check check, Bench bench, double? answer) => check switch
    {
        MeasureCheck measure => Judge(measure, bench),
        AnswerCheck when answer is null => new(false, "Choose an answer."),
        AnswerCheck asked => answer == asked.Right ? new(true, asked.Because ?? "That is right.") : new(false, "Not this one. Look again."),
        NumberCheck when answer is null => new(false, "Type a number, such as 2.5."),
        NumberCheck asked => Math.Abs(answer.Value - asked.Right) <= asked.Within + 1e-9 ? new(true, asked.Because ?? "That is right.") : new(false, "Not this number. Look again."),
        _ => new(false, "This step cannot be checked."),
    };

    private static CheckResult Judge(MeasureCheck check, Bench bench)
    {
        foreach (var bound in check.All)
        {
            if (bench.Measure(bound.Of) is not { } value)
            {
                return new(false, bound.Of switch
                {
                    "token_rank" or "token_percent" => "Press a token of the text first.",
                    "bits_per_byte" or "bits_per_byte_gap" => "Score the text first.",
                    "common_start" => "Generate twice first.",
                    "prompt_tokens" => "The prompt is being counted.",
                    _ => "Generate first.",
                });
            }
            if (!bound.Holds(value))
            {
                return new(false, $"Not yet: {Bench.Names[bound.Of]} is {Numbers.Setting(value)}, and should be {Wanted(bound)}.");
            }
        }
        return new(true, "Done.");
    }

    private static string Wanted(Bound bound) => bound switch
    {
        { AtLeast: { } least, AtMost: { } most } when least == most => Numbers.Setting(least),
        { AtLeast: { } least, AtMost: { } most } => $"{Numbers.Setting(least)} to {Numbers.Setting(most)}",
        { AtLeast: { } least } => $"at least {Numbers.Setting(least)}",
        { AtMost: { } most } => $"at most {Numbers.Setting(most)}",
        _ => "there",
    };
}
