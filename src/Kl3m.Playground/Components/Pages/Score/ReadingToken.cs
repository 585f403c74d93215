using System.Text.Json.Serialization;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>What the browser needs to draw one token of a text that was read: as <see cref="DrawnToken"/>, without a draw.</summary>
/// <param name="Bin">0 without a score: plain.</param>
/// <param name="Relative">Bin of its share of the favourite's, 1 to 5.</param>
internal sealed record ReadingToken(
    [property: JsonPropertyName("t")] string Text,
    [property: JsonPropertyName("p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Parts,
    [property: JsonPropertyName("l")] string Label,
    [property: JsonPropertyName("b")] int Bin,
    [property: JsonPropertyName("k")] int Band,
    [property: JsonPropertyName("v")] int Relative,
    [property: JsonPropertyName("r")] string Raw,
    [property: JsonPropertyName("n")] string Rank,
    [property: JsonPropertyName("s")] string Bits)
{
    public static ReadingToken From(ScoredToken token, ITextGenerator generator)
    {
        var entry = DrawnToken.Describe(generator, token.TokenId);
        // Typed out, a special token is text like any other; it is drawn as what the model read.
        var visible = entry.IsSpecial ? Visible.Alone(entry) : Visible.InText(token.Text, entry);
        IReadOnlyList<string>? parts = visible is [{ Kind: VisibleKind.Plain }] ? null : [.. visible.Select(part => (char)part.Kind + part.Text)];
        var name = Spoken.Name(entry.IsSpecial ? "" : token.Text, entry);
        return token.Score is not { } score
            ? new(token.Text, parts, $"{name}, no score: nothing stands before it", 0, 0, 0, Numbers.Unknown, Numbers.Unknown, Numbers.Unknown)
            : new(
                token.Text,
                parts,
                Spoken.Label(name, score),
                Surprise.Bin(score.RawLogprob),
                Surprise.Band(score.Rank),
                ScoredText.RelativeBin(score),
                Numbers.Share(Numbers.Probability(score.RawLogprob)),
                score.Rank > 0 ? Numbers.Count(score.Rank) : Numbers.Unknown,
                Numbers.Bits(score.Surprisal));
    }
}
