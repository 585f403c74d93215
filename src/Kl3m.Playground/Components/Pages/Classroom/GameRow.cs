using Kl3m.Playground.Classroom;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>A token of the sampler game: how likely the temperature makes it, and how many darts hit it.</summary>
/// <param name="TokenId">Null for the rest of the vocabulary.</param>
/// <param name="Probability">At the game's temperature.</param>
/// <param name="Raw">At temperature 1.</param>
/// <param name="Share">Of the darts.</param>
internal sealed record GameRow(int? TokenId, double Probability, double Raw, int Hits, double Share, bool Last, int Others = 0)
{
    public static IReadOnlyList<GameRow> Of(GameScene game, NextToken next, int most)
    {
        var ruler = next.At(game.Temperature);
        var hits = new Dictionary<int, int>();
        int? last = null;
        foreach (var dart in game.Darts)
        {
            last = ruler.TokenIds[ruler.Hit(dart.U)];
            hits[last.Value] = hits.GetValueOrDefault(last.Value) + 1;
        }
        var total = Math.Max(1, game.Darts.Count);
        // The raw order, so that rows keep their places when the temperature moves. Temperature 0 keeps one token.
        var rows = next.TokenIds.Take(most).Select((id, place) => new GameRow(id, ProbabilityOf(id, place), next.Find(id).Probability, hits.GetValueOrDefault(id),
            (double)hits.GetValueOrDefault(id) / total, last == id)).ToList();
        var missed = game.Darts.Count - rows.Sum(row => row.Hits);
        rows.Add(new(null, Math.Max(0, 1 - rows.Sum(row => row.Probability)), Math.Max(0, 1 - rows.Sum(row => row.Raw)), missed, (double)missed / total,
            last is { } id && rows.All(row => row.TokenId != id), next.TokenIds.Count - rows.Count));
        return rows;

        double ProbabilityOf(int id, int place) =>
            ruler.TokenIds.Count == next.TokenIds.Count ? ruler.Probabilities[place] : ruler.TokenIds.ToList().IndexOf(id) is >= 0 and var at ? ruler.Probabilities[at] : 0;
    }
}
