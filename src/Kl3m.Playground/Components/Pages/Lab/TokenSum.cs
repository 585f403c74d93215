using System.Globalization;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>One token's way from its logit to its final share, as sums with the numbers filled in, and in words.</summary>
/// <param name="Conclusion">What all of it came to.</param>
internal sealed record TokenSum(IReadOnlyList<SumLine> Lines, string Conclusion)
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <param name="name">The token's name, as people read it, by id.</param>
    public static TokenSum Of(SamplerStrip strip, StripRow row, Func<int, string> name)
    {
        var lines = new List<SumLine>();
        var settings = strip.Settings;
        var score = Penalise(strip.Place, settings, row.TokenId, lines);
        if (row.CutBy is SamplingStage.Raw or SamplingStage.NoRepeatNgram)
        {
            return new(lines, row.CutBy == SamplingStage.Raw
                ? "The model gives this token no score at all: it can never be drawn."
                : $"It would complete {Numbers.Count(settings.NoRepeatNgramSize)} tokens in a row that stood here before: banned, whatever its score.");
        }
        if (settings.Temperature == 0)
        {
            var won = row.Final is not null;
            return new([.. lines, new(Score(score), won ? "wins" : "loses", won ? "the highest score is taken; no dart" : $"the highest score wins: {name(strip.Final.TokenIds[0])}")],
                "Temperature 0 is greedy: nothing is divided and nothing drawn.");
        }
        var divided = score / settings.Temperature;
        lines.Add(new($"{Score(score)} ÷ {Numbers.Setting(settings.Temperature)}", Score(divided), settings.Temperature == 1 ? "temperature 1 leaves the score as it is" : "the score, divided by temperature"));
        var most = Penalise(strip.Place, settings, strip.Top, []) / settings.Temperature;
        var weight = Math.Exp(divided - most);
        lines.Add(new($"e^({Score(divided)} − {Score(most)})", Weight(weight), row.TokenId == strip.Top ? "it is the top token itself" : $"against the top token, {name(strip.Top)}"));
        if (row.Final is not { } final)
        {
            return new([.. lines, new(row.Cells.First(cell => cell.Cut is not null).Cut!, "0", "nothing of it is left to draw")], Became(strip, row));
        }
        var kept = strip.Final.TokenIds.Count;
        lines.Add(new($"{Weight(weight)} ÷ {Divisor(strip, weight / final)}", Numbers.Share(final), kept <= 4 ? $"by the weights of all {Numbers.Word(kept)} that are left" : $"by the weights of the {Numbers.Count(kept)} tokens left, added up"));
        return new(lines, Became(strip, row));
    }

    private static double Penalise(StripPlace place, SamplingParams settings, int id, List<SumLine> lines)
    {
        double score = place.Logits.Row.Span[id];
        if (!double.IsFinite(score))
        {
            return score;
        }
        if (settings.RepetitionPenalty != 1 && place.Tokens.Contains(id))
        {
            var next = score < 0 ? score * settings.RepetitionPenalty : score / settings.RepetitionPenalty;
            lines.Add(new($"{Score(score)} {(score < 0 ? "×" : "÷")} {Numbers.Setting(settings.RepetitionPenalty)}", Score(next), "repetition penalty: it stands in the text already"));
            score = next;
        }
        var times = place.Tokens.AsSpan(place.PromptLength).Count(id);
        if ((settings.FrequencyPenalty != 0 || settings.PresencePenalty != 0) && times > 0)
        {
            var next = score - settings.FrequencyPenalty * times - settings.PresencePenalty;
            lines.Add(new($"{Score(score)} − {Numbers.Setting(settings.FrequencyPenalty)} × {times} − {Numbers.Setting(settings.PresencePenalty)}", Score(next), $"frequency and presence: written {Numbers.Of(times, "time")} so far"));
            score = next;
        }
        if (settings.LogitBias.TryGetValue(id, out var bias))
        {
            lines.Add(new($"{Score(score)} + {Numbers.Setting(bias)}", Score(score + bias), "its logit bias"));
            score += bias;
        }
        return score;
    }

    private static string Divisor(SamplerStrip strip, double sum)
    {
        var best = strip[StripStage.Temperature].After[0] ?? 1;
        if (strip.Final.TokenIds.Count is > 1 and <= 4 && strip.Tokens.Count(row => row.Final is not null) == strip.Final.TokenIds.Count)
        {
            var shares = strip.Tokens.Where(row => row.Final is not null).Select(row => row.Cells[(int)StripStage.Temperature].Share ?? 0);
            return $"({string.Join(" + ", shares.OrderDescending().Select(share => Weight(share / best)))})";
        }
        return Weight(sum);
    }

    private static string Became(SamplerStrip strip, StripRow row)
    {
        var raw = row.Cells[0].Share ?? 0;
        var clauses = new List<string>();
        void Tell(StripStage stage, string what)
        {
            if (strip[stage].IsOn && row.Cells[(int)stage].Share is { } after && row.Cells[(int)stage - 1].Share is { } before && after != before)
            {
                clauses.Add($"{what} {(after > before ? "gave to it" : "took from it")}");
            }
        }
        Tell(StripStage.Penalties, "the penalties");
        Tell(StripStage.Temperature, strip.Settings.Temperature < 1 ? "sharpening" : "flattening");
        var cuts = StripStages.All.Skip((int)StripStage.TopK).Count(stage => strip[stage].IsOn && strip[stage].Mass < 1);
        if (row.Final is not { } final)
        {
            return $"Raw {Numbers.Share(raw)} became nothing: {Join([.. clauses, row.Cells.First(cell => cell.Cut is not null).Cut!])}.";
        }
        if (cuts > 0)
        {
            clauses.Add($"{(cuts == 1 ? "the cut" : $"the {Numbers.Word(cuts)} cuts")} shared out what the cut tokens had");
        }
        return clauses.Count == 0 ? $"Nothing is on: {Numbers.Share(raw)} is the model's own share." : $"Raw {Numbers.Share(raw)} became {Numbers.Share(final)}: {Join(clauses)}.";
    }

    private static string Join(List<string> clauses) => string.Join(", ", clauses);

    private static string Score(double score) => score.ToString("0.000", Culture).Replace('-', '−');

    private static string Weight(double weight) => weight == 0 ? "0" : weight < 0.001 ? weight.ToString("0.0e-0", Culture).Replace('-', '−') : weight.ToString("0.000", Culture);
}

/// <param name="Expression">The left side.</param>
/// <param name="Result">The right side.</param>
/// <param name="Words">What it says.</param>
internal readonly record struct SumLine(string Expression, string Result, string Words);
