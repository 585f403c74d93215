using System.Globalization;
using System.Text;
using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;

namespace Kl3m.Playground.Components.Pages.Tokens;

/// <summary>All tokens of a model, to be searched. Immutable; making it takes a moment.</summary>
internal sealed class Vocabulary
{
    private readonly VocabularyEntry[] entries;
    private readonly string[] texts;

    public Vocabulary(ITextGenerator generator)
    {
        entries = [.. Enumerable.Range(0, generator.Model.VocabularySize).Select(id => DrawnToken.Describe(generator, id))];
        texts = [.. entries.Select(entry => Encoding.UTF8.GetString(entry.Bytes.Span))];
    }

    public int Count => entries.Length;

    public VocabularyEntry this[int id] => entries[id];

    /// <summary>Tokens that fit, by id; a query that cannot be read gives a problem instead.</summary>
    public VocabularyMatch Search(VocabularyQuery query)
    {
        Func<int, bool>? fits = null;
        string? problem = null;
        var asked = query.By is VocabularyField.Text or VocabularyField.Start ? query.Text : query.Text.Trim();
        if (asked.Length > 0)
        {
            (fits, problem) = query.By switch
            {
                VocabularyField.Text => (id => texts[id].Contains(asked, StringComparison.OrdinalIgnoreCase), null),
                VocabularyField.Start => (id => texts[id].StartsWith(asked, StringComparison.Ordinal), null),
                VocabularyField.Id => Ids(asked),
                _ => Bytes(asked),
            };
        }
        return problem is not null ? new([], problem) : new([.. Enumerable.Range(0, entries.Length)
            .Where(id => !entries[id].Bytes.IsEmpty && (!query.SpecialOnly || entries[id].IsSpecial) && (fits is null || fits(id)))]);
    }

    private static (Func<int, bool>?, string?) Ids(string asked)
    {
        var ranges = new List<(int From, int To)>();
        foreach (var part in asked.Split([',', ' ', ';'], StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split(['-', '–'], 2);
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var from) || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to))
            {
                return (null, "Ids are numbers, such as 42, or 7 9 100-120.");
            }
            ranges.Add((from, to));
        }
        return (id => ranges.Exists(range => id >= range.From && id <= range.To), null);
    }

    private (Func<int, bool>?, string?) Bytes(string asked)
    {
        try
        {
            var bytes = Convert.FromHexString(asked.Replace(" ", "", StringComparison.Ordinal).Replace("0x", "", StringComparison.OrdinalIgnoreCase));
            return (id => entries[id].Bytes.Span.IndexOf(bytes) >= 0, null);
        }
        catch (FormatException)
        {
            return (null, "Bytes are pairs of hexadecimal digits, such as E2 80 94.");
        }
    }
}

/// <param name="Ids">In order; empty where nothing fits.</param>
/// <param name="Problem">Why the query could not be read.</param>
internal sealed record VocabularyMatch(IReadOnlyList<int> Ids, string? Problem = null);

internal sealed record VocabularyQuery(string Text = "", VocabularyField By = VocabularyField.Text, bool SpecialOnly = false);

public enum VocabularyField
{
    /// <summary>Anywhere in the token's text, whatever the case.</summary>
    Text,

    /// <summary>At the start of the token's text, exactly.</summary>
    Start,

    Id,

    /// <summary>Anywhere in its bytes.</summary>
    Bytes,
}
