using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Scoring;

/// <summary>A token of a text that was read.</summary>
/// <param name="Text">What it adds to the text: a character that several tokens make up belongs to the last of them.</param>
/// <param name="Start">Where that stands in the text, UTF-16.</param>
/// <param name="Score">Null where nothing stood before it.</param>
public sealed record ScoredToken(int TokenId, string Text, int Start, TokenScore? Score)
{
    public int Bytes => Encoding.UTF8.GetByteCount(Text);

    /// <summary>The texts that tokens add, from the spans of which those that share a character overlap. Joined they are the text.</summary>
    public static IEnumerable<(string Text, int Start)> Texts(string text, IReadOnlyList<TokenSpan> spans)
    {
        var reached = 0;
        for (var i = 0; i < spans.Count; i++)
        {
            var next = i + 1 < spans.Count ? spans[i + 1].Start : text.Length;
            var end = Math.Max(reached, Math.Min(spans[i].End, next));
            yield return (text[reached..end], reached);
            reached = end;
        }
    }
}
