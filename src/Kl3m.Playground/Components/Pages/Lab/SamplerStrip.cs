using Kl3m.Inference;
using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>
/// One position through every stage of the sampler, worked out from the sampler's own trace over the whole vocabulary. The number of rows
/// is fixed, so that nothing on the page moves when a slider does.
/// </summary>
public sealed record SamplerStrip
{
    /// <summary>Tokens that have a row; fewer only where the model knows fewer.</summary>
    public const int Rows = 12;

    /// <summary>One for each <see cref="StripStage"/>.</summary>
    public required IReadOnlyList<StripColumn> Columns { get; init; }

    /// <summary>By raw rank.</summary>
    public required IReadOnlyList<StripRow> Tokens { get; init; }

    /// <summary>All tokens without a row, together.</summary>
    public required StripRest Rest { get; init; }

    /// <summary>What a token is drawn from, in raw-rank order.</summary>
    public required StageDistribution Final { get; init; }

    /// <summary>The draw under these settings, by the sampler itself.</summary>
    public required SampledToken Draw { get; init; }

    public required SamplingParams Settings { get; init; }

    public required StripPlace Place { get; init; }

    public required int Traced { get; init; }

    /// <summary>The token that the dart fell on; null where it is one of those that a server does not name.</summary>
    public int? Drawn => Place.Knows(Draw.Score.TokenId) ? Draw.Score.TokenId : null;

    /// <summary>All that can be drawn is known.</summary>
    public bool IsTold => Columns[^1].IsTold;

    /// <summary>The token with the highest score after penalties and bias.</summary>
    public required int Top { get; init; }

    public StripColumn this[StripStage stage] => Columns[(int)stage];

    public StripRow? Row(int tokenId) => Tokens.FirstOrDefault(row => row.TokenId == tokenId);

    /// <param name="traced">The token to follow through the stages; null follows the one that the run has, or the one that is drawn.</param>
    /// <exception cref="InvalidOperationException">No token is left to draw, or the logits are broken.</exception>
    /// <exception cref="InvalidRequestException">The logit bias names a token outside the vocabulary.</exception>
    public static SamplerStrip Work(Sampler sampler, StripPlace place, SamplingParams settings, int? traced)
    {
        var logits = place.Logits.Row.Span;
        var trace = sampler.Explain(logits, settings, place.Tokens, place.PromptLength);
        var draw = sampler.Sample(logits, settings, place.Tokens, place.PromptLength, place.U, alternatives: 0);
        var stages = Order(trace, logits.Length);
        var top = stages[(int)StripStage.Penalties].TokenIds[0];
        var drawn = place.Knows(draw.Score.TokenId) ? draw.Score.TokenId : top;
        var follow = traced is { } wanted && place.Knows(wanted) ? wanted : place.Taken is { } taken && place.Knows(taken) ? taken : drawn;
        var ids = Choose(stages[0], Math.Min(Rows, place.Logits.Told?.Count ?? Rows), [drawn, follow, place.Taken is { } its && place.Knows(its) ? its : follow]);
        var words = new CutWords(settings, stages, trace.CutBy);
        var rows = ids.Select(id => new StripRow(
            id, stages[0].PlaceOf(id) ?? stages[0].TokenIds.Count + 1, id == place.Taken, id == draw.Score.TokenId,
            [.. StripStages.All.Select(stage => Cell(stage, id, stages, words))])
        { CutBy = trace.CutBy[id] }).ToList();
        return new()
        {
            Columns = [.. StripStages.All.Select(stage => Column(stage, stages, trace, follow, place))],
            Tokens = rows,
            Rest = StripRest.Of(rows, stages, logits.Length),
            Final = trace.Stages[^1],
            Draw = draw,
            Settings = settings,
            Place = place,
            Traced = follow,
            Top = top,
        };
    }

    /// <summary>The distribution after each column; a column that is off has that of the one before it.</summary>
    private static StageOrder[] Order(FullTrace trace, int vocabularySize)
    {
        var stages = new StageOrder[StripStages.All.Count];
        var isRawOrder = true;
        var next = 0;
        foreach (var stage in StripStages.All)
        {
            StageDistribution? last = null;
            while (next < trace.Stages.Count && StripStages.Of(trace.Stages[next].Trace.Stage) == stage)
            {
                last = trace.Stages[next++];
            }
            isRawOrder &= last is null || stage != StripStage.Penalties;
            stages[(int)stage] = last is null ? stages[(int)stage - 1] : new(last, vocabularySize, isRawOrder);
        }
        return stages;
    }

    /// <summary>The most likely tokens, the least of them giving way to those that must be seen: the one that is drawn changes with a slider and stands before the others, which so keep their place.</summary>
    private static List<int> Choose(StageOrder raw, int rows, int[] musts)
    {
        var likely = raw.TokenIds.Take(rows).ToList();
        var missing = musts.Reverse().Distinct().Reverse().Except(likely).ToList();
        var spare = likely.AsEnumerable().Reverse().Where(id => !musts.Contains(id)).Take(missing.Count).ToHashSet();
        return [.. likely.Where(id => !spare.Contains(id)), .. missing];
    }

    private static StripCell Cell(StripStage stage, int id, StageOrder[] stages, CutWords words)
    {
        var before = stage == StripStage.Raw ? null : stages[(int)stage - 1];
        return stages[(int)stage].ShareOf(id) is { } share ? new(share, null)
            : before is null || before.PlaceOf(id) is not null ? new(null, words.Of(stage, id))
            : default;
    }

    private static StripColumn Column(StripStage stage, StageOrder[] stages, FullTrace trace, int traced, StripPlace place)
    {
        var after = stages[(int)stage];
        var before = stage == StripStage.Raw ? after : stages[(int)stage - 1];
        var isOn = stage == StripStage.Raw || after != before;
        // Several steps may share a column: its mass is what all of them together kept.
        var mass = isOn ? trace.Stages.Where(step => StripStages.Of(step.Trace.Stage) == stage).Aggregate(1.0, (product, step) => product * step.Trace.Mass) : 1;
        // Penalties move tokens: their picture is in the order that they make, so that bars fall from left to right.
        var order = stage == StripStage.Penalties && isOn ? after : before;
        var shown = order.TokenIds.Take(StripColumn.Drawn).Where(place.Knows).ToList();
        return new(stage, isOn, after.Trace.Kept, mass, after.Trace.Entropy ?? 0, [.. shown.Select(id => before.ShareOf(id) ?? 0)], [.. shown.Select(after.ShareOf)])
        {
            EntropyBefore = before.Trace.Entropy ?? 0,
            IsTold = place.Logits.Told is null || after.TokenIds.All(id => stages[0].PlaceOf(id) <= place.Logits.Likeliest),
            Traced = shown.IndexOf(traced) is >= 0 and var at ? at : null,
        };
    }
}
