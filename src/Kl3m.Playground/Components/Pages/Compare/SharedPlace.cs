using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>
/// One place whose context is the same in all columns: what each could have drawn there, and where the dart fell. Whatever differs is
/// the settings' doing, or the model's.
/// </summary>
/// <param name="Position">From 0.</param>
/// <param name="Columns">Those that have a token there.</param>
/// <param name="IsFork">They drew different ones.</param>
internal sealed record SharedPlace(int Position, IReadOnlyList<SharedPlace.Entry> Columns, bool IsFork)
{
    private const int Rows = 10;

    // What two runs of one model in different company may differ by.
    private const float Rounding = 0.02f;

    /// <param name="Seen">Its distribution there, and what was drawn.</param>
    internal sealed record Entry(string Letter, CompareColumn Column, InspectedToken Seen)
    {
        /// <summary>Another server drew it, and does not tell how.</summary>
        public bool IsElsewhere => Column.Writer?.Model.TopOnly is not null && Seen.Trace is { U: null, Stages.Count: 0 };
    }

    /// <param name="Raw">By the first column's model.</param>
    /// <param name="Finals">For each column; null where the token was cut, NaN where it is not listed.</param>
    internal sealed record Row(int TokenId, IReadOnlyList<VisiblePart> Parts, double Raw, IReadOnlyList<double?> Finals, IReadOnlyList<bool> Chosen, IReadOnlyList<SamplingStage?> CutBy);

    /// <summary>The one dart of all columns; null where they have their own or throw none.</summary>
    public double? Dart => Columns.Select(entry => entry.Seen.Trace.U).OfType<double>().Distinct().ToList() is [var one] ? one : null;

    /// <summary>All columns saw the same raw probabilities.</summary>
    public bool IsSameRaw => Columns.All(entry => entry.Seen.Score.Alternatives.Zip(Columns[0].Seen.Score.Alternatives)
        .All(pair => pair.First.TokenId == pair.Second.TokenId && Math.Abs(pair.First.RawLogprob - pair.Second.RawLogprob) < Rounding));

    /// <summary>The place that is looked at, else where the columns part; null where they have none in common.</summary>
    public static SharedPlace? Of(CompareState state)
    {
        var written = state.Columns.Where(column => column.Tokens.Count > 0).ToList();
        if (written.Count < 2 || state.Fork is { ByToken: false })
        {
            return null;
        }
        var fork = state.Fork?.Position;
        var looked = state.Selected?.Position is { } position && IsShared(state, position) ? position : (int?)null;
        return (looked ?? fork) is { } place && written.Count(column => place < column.Tokens.Count) > 1 ? At(state, place, place == fork) : null;
    }

    /// <summary>Whether all columns with text came to this place by the same tokens.</summary>
    public static bool IsShared(CompareState state, int position) =>
        state.Fork is { ByToken: true } fork ? position <= fork.Position
        : state.Fork is null && state.Columns.Count(column => column.Tokens.Count > 0) > 1
            && state.Columns.Where(column => column.Tokens.Count > 0).All(column => position < column.Tokens.Count && Fork.IsSameTokenizer(column.Run!.Model, state.Columns.First(one => one.Tokens.Count > 0).Run!.Model));

    /// <summary>The tokens to lay beside each other: the likeliest, and those that were drawn.</summary>
    public IReadOnlyList<Row> Table()
    {
        var ids = Columns[0].Seen.Score.Alternatives.Take(Rows).Select(alternative => alternative.TokenId).Concat(Columns.Select(entry => entry.Seen.Score.TokenId)).Distinct();
        return [.. ids.Select(id => new Row(
            id,
            Visible.Alone(DrawnToken.Describe(Columns[0].Column.Writer!, id)),
            Columns.Select(entry => Raw(entry, id)).FirstOrDefault(raw => !double.IsNaN(raw), double.NaN),
            [.. Columns.Select(entry => Final(entry, id))],
            [.. Columns.Select(entry => entry.Seen.Score.TokenId == id)],
            [.. Columns.Select(entry => Find(entry, id)?.CutBy)]))];
    }

    /// <summary>What the row of rulers says.</summary>
    public string Sentence => (IsFork, Dart, IsSameRaw) switch
    {
        (true, not null, true) => "Here the columns part. Raw scores are the same; the settings moved the borders under one dart.",
        (true, null, true) => Columns.Any(entry => entry.Seen.Trace.U is not null) && Columns.Any(entry => entry.Seen.Trace.U is null)
            ? "Here the columns part. Raw scores are the same; a greedy column throws no dart."
            : Columns.Any(entry => entry.IsElsewhere) ? "Here the columns part. Raw scores are the same; where the darts fell is not told by the server that drew."
            : "Here the columns part. Raw scores are the same, the darts are not: each column has its own dice.",
        (true, not null, false) => "Here the columns part. One dart, but other raw scores: the models differ.",
        (true, null, false) => "Here the columns part: raw scores and darts differ.",
        _ => "All columns took the same token here.",
    };

    private static SharedPlace At(CompareState state, int position, bool isFork) =>
        new(position, [.. state.Columns.Where(column => position < column.Tokens.Count)
            .Select(column => new Entry(state.LetterOf(column), column, InspectedToken.From(column.Run!, column.Writer!, new SelectedToken(0, position), GenerationRequest.MaxAlternatives)!))], isFork);

    private static Alternative? Find(Entry entry, int id) => entry.Seen.Score.Alternatives.Where(alternative => alternative.TokenId == id).Select(alternative => (Alternative?)alternative).FirstOrDefault();

    private static double Raw(Entry entry, int id) =>
        entry.Seen.Score.TokenId == id ? entry.Seen.Raw : Find(entry, id) is { } listed ? Numbers.Probability(listed.RawLogprob) : double.NaN;

    private static double? Final(Entry entry, int id) =>
        entry.Seen.Score.TokenId == id ? entry.Seen.Final
        : Find(entry, id) is not { } listed ? double.NaN
        : float.IsNegativeInfinity(listed.FinalLogprob) ? null : Numbers.Probability(listed.FinalLogprob);
}
