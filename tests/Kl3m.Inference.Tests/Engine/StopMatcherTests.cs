using Kl3m.Inference.Engine;

namespace Kl3m.Inference.Tests.Engine;

public sealed class StopMatcherTests
{
    [Fact]
    public void Finds_what_a_search_of_the_whole_text_finds_wherever_the_pieces_part()
    {
        var random = new Random(1);
        string Letters(int most) => new([.. Enumerable.Range(0, random.Next(1, most)).Select(_ => (char)('a' + random.Next(2)))]);
        for (var round = 0; round < 3000; round++)
        {
            var stops = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Letters(6)).ToArray();
            var text = Letters(30);
            var (expected, end) = Search(text, stops);

            var matcher = new StopMatcher([.. stops.Select(stop => new StopMatcher.Pattern(stop))]);
            string? found = null;
            var read = 0;
            while (read < text.Length && found is null)
            {
                var piece = text.Substring(read, random.Next(0, text.Length - read + 1));
                found = matcher.Read(piece, out var inPiece);
                read += found is null ? piece.Length : inPiece;
            }

            Assert.Equal(expected, found);
            if (found is not null)
            {
                Assert.Equal(end, read);
            }
            else
            {
                Assert.Equal(stops.Max(stop => Enumerable.Range(0, stop.Length).Where(length => text.EndsWith(stop[..length], StringComparison.Ordinal)).Max()), matcher.Pending);
            }
        }
    }

    /// <summary>The stop text that is complete first, the longest of those complete at the same place.</summary>
    private static (string? Stop, int End) Search(string text, string[] stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            if (stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).MaxBy(stop => stop.Length) is { } found)
            {
                return (found, end);
            }
        }
        return (null, 0);
    }
}
