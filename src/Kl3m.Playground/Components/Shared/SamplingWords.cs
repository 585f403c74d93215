using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared;

/// <summary>What the sampler did at one position, in one sentence made from its own trace.</summary>
internal static class SamplingWords
{
    /// <summary>The rule's name as it stands in "cut by top-p".</summary>
    public static string Name(SamplingStage stage) => stage switch
    {
        SamplingStage.Raw => "nothing",
        SamplingStage.RepetitionPenalty => "repetition penalty",
        SamplingStage.FrequencyPresencePenalty => "frequency and presence penalties",
        SamplingStage.LogitBias => "logit bias",
        SamplingStage.NoRepeatNgram => "no repeated n-grams",
        SamplingStage.Temperature => "temperature",
        SamplingStage.TopK => "top-k",
        SamplingStage.TopP => "top-p",
        SamplingStage.MinP => "min-p",
        SamplingStage.TypicalP => "typical-p",
        _ => stage.ToString(),
    };

    public static string Sentence(SamplingTrace trace)
    {
        if (trace.Stages.Count == 0)
        {
            return trace.U is null ? "No draw was recorded for this token: whoever wrote it did not tell one." : "What the filters did is not known.";
        }
        var clauses = new List<string>();
        var kept = trace.Stages[0].Kept;
        var cutBefore = false;
        foreach (var stage in trace.Stages)
        {
            if (stage.Stage is SamplingStage.Raw || (trace.U is null && stage.Stage == SamplingStage.Temperature))
            {
                continue;
            }
            var cut = Math.Max(0, kept - stage.Kept);
            clauses.Add(Clause(stage, cut, cutBefore && cut > 0));
            cutBefore |= cut > 0;
            kept = stage.Kept;
        }
        var filters = clauses.Count == 0 ? "" : Sentences(clauses);
        if (trace.U is null)
        {
            return $"{filters} Temperature 0 is greedy: the most likely token that is left is taken, and no dart is thrown.".TrimStart();
        }
        return filters.Length > 0 ? filters : "No filter was on: this was drawn from the model's own distribution.";
    }

    private static string Sentences(List<string> clauses)
    {
        var joined = string.Join("; ", clauses);
        return char.ToUpperInvariant(joined[0]) + joined[1..] + ".";
    }

    private static string Clause(StageTrace stage, int cut, bool then)
    {
        var rule = stage.Stage switch
        {
            SamplingStage.NoRepeatNgram => $"no repeated {Numbers.Setting(stage.Parameter)}-grams",
            SamplingStage.LogitBias or SamplingStage.FrequencyPresencePenalty => Name(stage.Stage),
            SamplingStage.TopK => $"top-k {Numbers.Count((long)stage.Parameter)}",
            _ => $"{Name(stage.Stage)} {Numbers.Setting(stage.Parameter)}",
        };
        var cuts = cut == 0 ? "cut nothing" : $"{(then ? "then " : "")}cut {(then ? Numbers.Count(cut) : Numbers.Of(cut, "token"))}";
        return stage.Stage switch
        {
            SamplingStage.Temperature => $"{rule} {(stage.Parameter < 1 ? "sharpened" : "flattened")} the distribution",
            SamplingStage.RepetitionPenalty => $"{rule} made tokens that came before {(stage.Parameter > 1 ? "less" : "more")} likely",
            SamplingStage.FrequencyPresencePenalty => $"{rule} changed the scores of tokens that the text has",
            SamplingStage.LogitBias when cut == 0 => $"{rule} changed scores",
            SamplingStage.TopP when cut > 0 => $"{rule} {cuts}: {First(stage.Kept)} {Numbers.Share(stage.Mass)}",
            SamplingStage.TypicalP when cut > 0 => $"{rule} {cuts}: the {Numbers.Of(stage.Kept, "one", "most typical")} left {(stage.Kept == 1 ? "holds" : "hold")} {Numbers.Share(stage.Mass)}",
            SamplingStage.MinP when cut > 0 => $"{rule} {cuts}: less likely than {Numbers.Share(stage.Parameter)} of the favourite",
            _ => $"{rule} {cuts}",
        };
    }

    private static string First(int kept) => kept == 1 ? "the first alone reaches" : $"the first {Numbers.Word(kept)} reach";
}
