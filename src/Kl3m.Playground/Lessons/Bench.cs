using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Lessons;

/// <summary>What a lesson's check can measure: the last finished run, the prompt, the selected token, scored texts. Settings are those of the run, not of the sliders.</summary>
/// <param name="Finished">The runs that ended since the step began, oldest first.</param>
/// <param name="Scores">Bits per byte of the texts that were scored, by place; null where one was not.</param>
internal sealed record Bench(IReadOnlyList<Run> Finished, string Prompt, int? PromptTokens, TokenGenerated? Selected, IReadOnlyList<double?> Scores)
{
    private const int Gram = 4;

    /// <summary>Every measure with its words in "temperature was 0.70".</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>
    {
        ["temperature"] = "the run's temperature",
        ["top_p"] = "the run's top-p",
        ["top_k"] = "the run's top-k",
        ["min_p"] = "the run's min-p",
        ["typical_p"] = "the run's typical-p",
        ["repetition_penalty"] = "the run's repetition penalty",
        ["frequency_penalty"] = "the run's frequency penalty",
        ["presence_penalty"] = "the run's presence penalty",
        ["no_repeat_ngram_size"] = "the run's no-repeat n-gram size",
        ["sequences"] = "the number of continuations",
        ["tokens"] = "the tokens of the shortest continuation",
        ["mean_bits"] = "the mean surprisal, in bits",
        ["different_texts"] = "the number of different continuations",
        ["repeated_percent"] = "the share of tokens in repeated runs of four, in percent",
        ["runs"] = "the number of runs in this step",
        ["runs_alike"] = "the number of last runs with the same text",
        ["different_temperatures"] = "the number of temperatures that were tried",
        ["common_start"] = "the tokens that the last two runs begin with in common",
        ["prompt_tokens"] = "the prompt's tokens",
        ["prompt_letters"] = "the prompt's letters",
        ["token_rank"] = "the selected token's rank",
        ["token_percent"] = "the selected token's raw probability, in percent",
        ["bits_per_byte"] = "the first text's bits per byte",
        ["bits_per_byte_gap"] = "how many bits per byte the second text costs more than the first",
    };

    /// <summary>The measure; null while there is nothing to measure.</summary>
    public double? Measure(string name) => name switch
    {
        "prompt_tokens" => PromptTokens,
        "prompt_letters" => Prompt.Length,
        "token_rank" => Selected?.Score.Rank,
        "token_percent" => Selected is { } token ? 100 * Math.Exp(token.Score.RawLogprob) : null,
        "bits_per_byte" => Scores.ElementAtOrDefault(0),
        "bits_per_byte_gap" => Scores.ElementAtOrDefault(1) - Scores.ElementAtOrDefault(0),
        "runs" => Finished.Count,
        _ => Finished is [.., var last] ? OfRun(name, last) : null,
    };

    private double? OfRun(string name, Run run)
    {
        var sampling = run.Request.Sampling;
        return name switch
        {
            "temperature" => Decimal(sampling.Temperature),
            "top_p" => Decimal(sampling.TopP),
            "top_k" => sampling.TopK,
            "min_p" => Decimal(sampling.MinP),
            "typical_p" => Decimal(sampling.TypicalP),
            "repetition_penalty" => Decimal(sampling.RepetitionPenalty),
            "frequency_penalty" => Decimal(sampling.FrequencyPenalty),
            "presence_penalty" => Decimal(sampling.PresencePenalty),
            "no_repeat_ngram_size" => sampling.NoRepeatNgramSize,
            "sequences" => run.Sequences.Count,
            "tokens" => run.Sequences.Min(sequence => sequence.Tokens.Count),
            "mean_bits" => run.Sequences.Select(sequence => sequence.Measure()).ToList() is var all && all.Sum(one => one.Tokens) is > 0 and var count
                ? all.Sum(one => one.Nats) / count / Math.Log(2) : null,
            "different_texts" => run.Sequences.Select(sequence => sequence.Text).Distinct().Count(),
            "repeated_percent" => run.Sequences.Max(sequence => Repeated(Ids(sequence))),
            "runs_alike" => Finished.Reverse().TakeWhile(other => Texts(other).SequenceEqual(Texts(run))).Count(),
            "different_temperatures" => Finished.Select(one => one.Request.Sampling.Temperature).Distinct().Count(),
            "common_start" => Finished.Count < 2 ? null
                : Ids(Finished[^2].Sequences[0]).Zip(Ids(run.Sequences[0])).TakeWhile(pair => pair.First == pair.Second).Count(),
            _ => null,
        };
    }

    private static int[] Ids(RunSequence sequence) => [.. sequence.Tokens.Select(token => token.Score.TokenId)];

    private static IEnumerable<string> Texts(Run run) => run.Sequences.Select(sequence => sequence.Text);

    /// <summary>Percent of tokens that stand in a run of four tokens which occurs more than once.</summary>
    private static double Repeated(int[] ids)
    {
        var grams = Enumerable.Range(0, Math.Max(0, ids.Length - Gram + 1)).GroupBy(start => string.Join(',', ids[start..(start + Gram)]));
        var inside = grams.Where(group => group.Count() > 1).SelectMany(group => group).SelectMany(start => Enumerable.Range(start, Gram)).Distinct().Count();
        return ids.Length == 0 ? 0 : 100.0 * inside / ids.Length;
    }

    private static double Decimal(float value) => (double)(decimal)value;
}
