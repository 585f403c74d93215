using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Api;

/// <summary>The prompt as a choice repeats it. <paramref name="Offsets"/>: where each token starts, in code points.</summary>
internal sealed record EchoedPrompt(string Text, IReadOnlyList<int> Offsets)
{
    public int CodePoints { get; } = TokenText.CodePoints(Text);

    public static async Task<EchoedPrompt> ReadAsync(ITextGenerator generator, PromptInput prompt, IReadOnlyList<int> tokenIds, CancellationToken cancellationToken)
    {
        if (prompt.Text is { } text)
        {
            var spans = await generator.TokenizeAsync(text, cancellationToken);
            return new(text, OffsetsOf(text, spans.Select(span => span.Start)));
        }
        var decoded = await generator.DetokenizeAsync(tokenIds, cancellationToken: cancellationToken);
        return new(decoded, OffsetsOf(decoded, DecodedStarts(generator, tokenIds)));
    }

    /// <summary>A token that starts within a character starts where that character does.</summary>
    private static IEnumerable<int> DecodedStarts(ITextGenerator generator, IReadOnlyList<int> tokenIds)
    {
        var decoder = Encoding.UTF8.GetDecoder();
        var decoded = 0;
        foreach (var id in tokenIds)
        {
            yield return decoded;
            var bytes = generator.Describe(id).Bytes.ToArray();
            decoded += decoder.GetChars(bytes, new char[bytes.Length + 4], flush: false);
        }
    }

    private static List<int> OffsetsOf(string text, IEnumerable<int> starts)
    {
        var offsets = new List<int>();
        int at = 0, codePoints = 0;
        foreach (var start in starts)
        {
            codePoints += TokenText.CodePoints(text.AsSpan(at, Math.Max(0, start - at)));
            at = Math.Max(at, start);
            offsets.Add(codePoints);
        }
        return offsets;
    }
}
