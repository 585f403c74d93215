using System.Text;
using System.Text.Json.Serialization;
using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>What the browser needs to draw one token, to name it and to say its numbers when the mouse is on it; names are short because thousands travel.</summary>
/// <param name="Text">What it adds to the text; what is copied.</param>
/// <param name="Parts">How it is drawn where that differs: a kind's letter and then what is drawn. Null draws the text.</param>
internal sealed record DrawnToken(
    [property: JsonPropertyName("t")] string Text,
    [property: JsonPropertyName("p"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Parts,
    [property: JsonPropertyName("l")] string Label,
    [property: JsonPropertyName("b")] int Bin,
    [property: JsonPropertyName("k")] int Band,
    [property: JsonPropertyName("r")] string Raw,
    [property: JsonPropertyName("f")] string Final,
    [property: JsonPropertyName("n")] string Rank,
    [property: JsonPropertyName("s")] string Bits)
{
    public static DrawnToken From(TokenGenerated token, ITextGenerator generator)
    {
        var score = token.Score;
        var entry = Describe(generator, score.TokenId);
        var parts = Visible.InText(token.Text, entry);
        var plain = parts is [{ Kind: VisibleKind.Plain }];
        return new(
            token.Text,
            plain ? null : [.. parts.Select(part => (char)part.Kind + part.Text)],
            Spoken.Label(Spoken.Name(token.Text, entry), score),
            Surprise.Bin(score.RawLogprob),
            Surprise.Band(score.Rank),
            Numbers.Share(Numbers.Probability(score.RawLogprob)),
            Numbers.Share(Numbers.Probability(score.FinalLogprob)),
            score.Rank > 0 ? Numbers.Count(score.Rank) : Numbers.Unknown,
            Numbers.Bits(score.Surprisal));
    }

    /// <summary>A remote server may name ids that its tokenizer does not list, and a model may be gone: then the id is all there is to show.</summary>
    public static VocabularyEntry Describe(ITextGenerator? generator, int tokenId)
    {
        try
        {
            return generator?.Describe(tokenId) ?? Unnamed(tokenId);
        }
        catch (Exception unknown) when (unknown is InvalidRequestException or ArgumentException)
        {
            return Unnamed(tokenId);
        }
    }

    private static VocabularyEntry Unnamed(int tokenId) => new(tokenId, Encoding.UTF8.GetBytes($"token {tokenId}"), IsSpecial: true);
}
