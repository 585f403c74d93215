using System.Buffers;

namespace Kl3m.Inference.Tokenization;

/// <summary>Finds added tokens in a text: the leftmost first, the longest of those that start there.</summary>
internal sealed class AddedTokenTrie
{
    private const int Root = 0;
    private readonly Dictionary<(int Node, char Next), int> edges = [];
    private readonly Dictionary<int, int> idsAtEnds = [];
    private readonly SearchValues<char> starts;

    public AddedTokenTrie(IEnumerable<AddedToken> tokens)
    {
        var starts = new HashSet<char>();
        foreach (var token in tokens)
        {
            starts.Add(token.Content[0]);
            var node = Root;
            foreach (var character in token.Content)
            {
                if (!edges.TryGetValue((node, character), out var next))
                {
                    next = edges.Count + 1;
                    edges.Add((node, character), next);
                }
                node = next;
            }
            idsAtEnds.Add(node, token.Id);
        }
        this.starts = SearchValues.Create([.. starts]);
    }

    /// <summary>Splits a part of a text into added tokens and what lies between them.</summary>
    public IEnumerable<Piece> Split(string text, Piece part)
    {
        var gap = part.Start;
        for (var at = gap; at < part.End;)
        {
            var ahead = text.AsSpan(at, part.End - at).IndexOfAny(starts);
            if (ahead < 0)
            {
                break;
            }
            at += ahead;
            if (LongestAt(text, at, part.End) is not { } token)
            {
                at++;
                continue;
            }
            if (gap < at)
            {
                yield return new(gap, at - gap);
            }
            yield return token;
            gap = at = token.End;
        }
        if (gap < part.End)
        {
            yield return new(gap, part.End - gap);
        }
    }

    private Piece? LongestAt(string text, int start, int end)
    {
        Piece? longest = null;
        var node = Root;
        for (var i = start; i < end && edges.TryGetValue((node, text[i]), out node); i++)
        {
            if (idsAtEnds.TryGetValue(node, out var id))
            {
                longest = new(start, i + 1 - start, id);
            }
        }
        return longest;
    }
}
