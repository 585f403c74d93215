using Kl3m.Inference;
using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>A request whose sequences are written some at a time, as one.</summary>
internal static class RemoteParts
{
    /// <param name="most">Sequences of one part.</param>
    public static async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, int most, Func<GenerationRequest, IAsyncEnumerable<GenerationEvent>> generate)
    {
        var sampling = request.Sampling with { Seed = request.Sampling.Seed ?? SeededRandom.NewSeed() };
        var ends = new List<GenerationFinished>();
        for (var first = 0; first < sampling.Sequences; first += most)
        {
            var part = request with
            {
                FirstSequence = request.FirstSequence + first,
                ScorePrompt = request.ScorePrompt && first == 0,
                Sampling = sampling with { Sequences = Math.Min(most, sampling.Sequences - first) },
            };
            await foreach (var happened in generate(part))
            {
                switch (happened)
                {
                    case TokenGenerated token:
                        yield return token with { SequenceIndex = first + token.SequenceIndex };
                        break;
                    case SequenceFinished end:
                        yield return end with { SequenceIndex = first + end.SequenceIndex };
                        break;
                    case GenerationFinished end:
                        ends.Add(end);
                        break;
                    case var once when first == 0:
                        yield return once;
                        break;
                }
            }
        }
        yield return new GenerationFinished(
            new(ends[0].Usage.PromptTokens, ends.Sum(end => end.Usage.CompletionTokens)),
            ends[0].Timings with { Total = ends.Aggregate(TimeSpan.Zero, (sum, end) => sum + end.Timings.Total) });
    }
}
