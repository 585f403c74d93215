using System.Runtime.CompilerServices;
using Kl3m.Inference;

namespace Kl3m.Playground.Classroom;

/// <summary>A model as one visitor may use it: in a room under the visitor's own name there, and within the room's limits.</summary>
internal sealed class DeskGenerator(ITextGenerator inner, Desk desk) : ITextGenerator
{
    public ITextGenerator Inner => inner;

    public ModelInfo Model => inner.Model;

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var seat = desk.Seat;
        using var use = seat?.Admit?.Invoke(request);
        await foreach (var happened in inner.GenerateAsync(seat is null ? request : request with { User = seat.User, Priority = seat.Priority }, cancellationToken))
        {
            yield return happened;
        }
    }

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => inner.TokenizeAsync(text, cancellationToken);

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
        inner.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

    public VocabularyEntry Describe(int tokenId) => inner.Describe(tokenId);
}
