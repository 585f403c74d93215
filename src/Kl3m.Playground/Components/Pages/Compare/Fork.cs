using Kl3m.Inference;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>The first place where the columns' texts are not the same.</summary>
/// <param name="Positions">For each column the token there; null where it has none yet, or no run.</param>
/// <param name="ByToken">Token for token, with the same tokenizer; else letter for letter, and the places differ from column to column.</param>
internal sealed record Fork(IReadOnlyList<int?> Positions, bool ByToken)
{
    /// <summary>The one place of all columns; null where they were compared letter for letter.</summary>
    public int? Position => ByToken ? Positions.Max() : null;

    /// <summary>Null while no two columns part: fewer than two have text, they continue different prompts, or all agree so far.</summary>
    public static Fork? Find(IReadOnlyList<CompareColumn> columns)
    {
        var written = columns.Where(column => column.Tokens.Count > 0).ToList();
        if (written.Count < 2 || written.Any(column => column.Run!.Request.Prompt != written[0].Run!.Request.Prompt))
        {
            return null;
        }
        var byToken = written.All(column => IsSameTokenizer(column.Run!.Model, written[0].Run!.Model));
        var positions = byToken ? ByTokens(columns, written) : ByLetters(columns, written);
        return positions is null ? null : new(positions, byToken);
    }

    /// <summary>How many tokens all columns with text share while none has parted.</summary>
    public static int Agreed(IReadOnlyList<CompareColumn> columns) =>
        columns.Where(column => column.Tokens.Count > 0).Select(column => column.Tokens.Count).DefaultIfEmpty().Min();

    public static bool IsSameTokenizer(ModelInfo one, ModelInfo other) =>
        one.Id == other.Id || (one.FileHashes.TryGetValue("tokenizer.json", out var hash) && other.FileHashes.GetValueOrDefault("tokenizer.json") == hash);

    private static List<int?>? ByTokens(IReadOnlyList<CompareColumn> columns, List<CompareColumn> written)
    {
        var longest = written.Max(column => column.Tokens.Count);
        for (var position = 0; position < longest; position++)
        {
            int? first = null;
            foreach (var column in written)
            {
                if (position < column.Tokens.Count)
                {
                    var id = column.Tokens[position].Score.TokenId;
                    if (first is not null && id != first)
                    {
                        return [.. columns.Select(one => position < one.Tokens.Count ? position : (int?)null)];
                    }
                    first = id;
                }
            }
        }
        return null;
    }

    private static List<int?>? ByLetters(IReadOnlyList<CompareColumn> columns, List<CompareColumn> written)
    {
        var texts = written.Select(column => column.Run!.Sequences[0].Text).ToList();
        var longest = texts.Max(text => text.Length);
        for (var at = 0; at < longest; at++)
        {
            if (texts.Where(text => at < text.Length).Select(text => text[at]).Distinct().Skip(1).Any())
            {
                return [.. columns.Select(column => TokenAt(column.Tokens, at))];
            }
        }
        return null;
    }

    private static int? TokenAt(IReadOnlyList<TokenGenerated> tokens, int letter)
    {
        var end = 0;
        for (var position = 0; position < tokens.Count; position++)
        {
            end += tokens[position].Text.Length;
            if (letter < end)
            {
                return position;
            }
        }
        return null;
    }
}
