namespace Kl3m.Inference.Engine;

/// <summary>
/// Finds stop texts in a text that arrives in pieces (Knuth-Morris-Pratt, one state per stop text). The one that is complete first wins,
/// of several complete at the same character the longest, so that the result does not depend on where the pieces part.
/// </summary>
internal sealed class StopMatcher(IReadOnlyList<StopMatcher.Pattern> patterns)
{
    private readonly int[] matched = new int[patterns.Count];

    /// <summary>Characters at the end of the text so far that a stop text may begin with.</summary>
    public int Pending => matched.Length == 0 ? 0 : matched.Max();

    /// <summary>Reads on; a match ends behind <paramref name="end"/> characters of this piece. Nothing may be read after a match.</summary>
    public string? Read(ReadOnlySpan<char> piece, out int end)
    {
        for (end = 1; end <= piece.Length; end++)
        {
            string? found = null;
            for (var i = 0; i < matched.Length; i++)
            {
                matched[i] = patterns[i].Advance(matched[i], piece[end - 1]);
                if (matched[i] == patterns[i].Text.Length && matched[i] > (found?.Length ?? 0))
                {
                    found = patterns[i].Text;
                }
            }
            if (found is not null)
            {
                return found;
            }
        }
        return null;
    }

    /// <summary>A stop text, prepared once for all sequences of a request.</summary>
    internal sealed class Pattern
    {
        // borders[k]: length of the longest prefix of the first k + 1 characters that is also their end.
        private readonly int[] borders;

        public Pattern(string text)
        {
            Text = text;
            borders = new int[text.Length];
            for (var k = 1; k < text.Length; k++)
            {
                borders[k] = Advance(borders[k - 1], text[k]);
            }
        }

        public string Text { get; }

        public int Advance(int matched, char next)
        {
            while (matched > 0 && Text[matched] != next)
            {
                matched = borders[matched - 1];
            }
            return Text[matched] == next ? matched + 1 : 0;
        }
    }
}
