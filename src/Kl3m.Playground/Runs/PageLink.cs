using System.Globalization;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>
/// A page with its prompt and settings, as an address whose fragment carries them: <c>compare#prompt=The%20term%20&amp;temperature=0.3&amp;2.temperature=0.7</c>.
/// A fragment never leaves the browser with a request, so the server keeps nothing. Names are those of <c>/v1/completions</c>; what is not
/// named has its default, and <c>2.</c> before a name makes it the second column's own.
/// </summary>
/// <param name="Page">The page's address relative to the base; empty is the playground.</param>
/// <param name="Prompt">The text to continue, or to read.</param>
/// <param name="Columns">At least one; the first's settings are those of the columns that do not say otherwise.</param>
public sealed record PageLink(string Page, string Prompt, IReadOnlyList<LinkColumn> Columns)
{
    public const int MaxColumns = 6;

    /// <summary>In characters. Browsers take more, but nobody sends such an address.</summary>
    public const int MaxLength = 128 * 1024;

    public PageLink(string page, string prompt, SamplingParams sampling) : this(page, prompt, [new LinkColumn(sampling)])
    {
    }

    public SamplingParams Sampling => Columns[0].Sampling;

    /// <summary>Lab: the tokens behind the prompt, up to the place that is looked at. A second column has the settings that are tried there.</summary>
    public IReadOnlyList<int> Written { get; init; } = [];

    /// <summary>Lab: the number that the text throws its dice by.</summary>
    public int Sequence { get; init; }

    /// <summary>Score: a text to hold against the first; null is none. A second column names a second model.</summary>
    public string? Second { get; init; }

    /// <summary>Score: tokens that are read at once; null is the model's whole context.</summary>
    public int? Context { get; init; }

    /// <summary>Score: from one window's begin to the next; null is half the context.</summary>
    public int? Stride { get; init; }

    /// <summary>Score: read behind the end mark.</summary>
    public bool BehindEnd { get; init; }

    /// <summary>The address, relative to the base.</summary>
    public string Address => $"{Page}#{Fragment}";

    /// <summary>Without its <c>#</c>.</summary>
    public string Fragment
    {
        get
        {
            var fields = new List<string> { Pair("prompt", Prompt) };
            fields.AddRange(PageField.Of(Page).Where(one => one.Get(this) is not null).Select(one => Pair(one.Name, one.Get(this)!)));
            for (var column = 0; column < Columns.Count; column++)
            {
                var shown = column == 0 ? new LinkColumn(new()) : Columns[0];
                var prefix = column == 0 ? "" : (column + 1).ToString(CultureInfo.InvariantCulture) + ".";
                var own = LinkField.All.Where(one => !one.Get(Columns[column]).SequenceEqual(one.Get(shown)));
                fields.AddRange(own.SelectMany(one => one.Get(Columns[column]).DefaultIfEmpty("").Select(value => Pair(prefix + one.Name, value))));
            }
            if (Columns.Count > 1)
            {
                fields.Add(Pair("columns", Columns.Count.ToString(CultureInfo.InvariantCulture)));
            }
            return string.Join('&', fields);
        }
    }

    /// <summary>
    /// Reads an address or its fragment. What is wrong with it is told, field by field, and left at its default; a fragment that is
    /// no link at all (none, or a place in the page) gives neither.
    /// </summary>
    /// <param name="page">The page that it is for.</param>
    public static (PageLink? Link, IReadOnlyList<Problem> Problems) Read(string page, string addressOrFragment)
    {
        var fragment = addressOrFragment[(addressOrFragment.IndexOf('#', StringComparison.Ordinal) + 1)..];
        if (!fragment.Contains('=', StringComparison.Ordinal))
        {
            return (null, []);
        }
        if (fragment.Length > MaxLength)
        {
            return (null, [new("link", $"has {fragment.Length:N0} characters; at most {MaxLength:N0} are read.")]);
        }
        return new LinkReader().Read(page, fragment);
    }

    private static string Pair(string name, string value) => $"{name}={Uri.EscapeDataString(value)}";
}

/// <param name="Model">The model's id; null is whichever is served.</param>
public sealed record LinkColumn(SamplingParams Sampling, string? Model = null);
