using System.Text;
using Kl3m.Inference;

namespace Kl3m.Playground.Runs;

/// <summary>A model that is known from a receipt alone: it can name the tokens of that run, and write nothing.</summary>
internal sealed class RecordedModel(RunReceipt receipt) : ITextGenerator
{
    public ModelInfo Model { get; } = ReceiptOfRun.Info(receipt.Model);

    public VocabularyEntry Describe(int tokenId)
    {
        var vocabulary = receipt.Vocabulary;
        if (vocabulary.Text.TryGetValue(tokenId, out var text))
        {
            return new(tokenId, Encoding.UTF8.GetBytes(text), IsSpecial: false);
        }
        if (vocabulary.Special.TryGetValue(tokenId, out var special))
        {
            return new(tokenId, Encoding.UTF8.GetBytes(special), IsSpecial: true);
        }
        return vocabulary.Bytes.TryGetValue(tokenId, out var hex) && hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit)
            ? new(tokenId, Convert.FromHexString(hex), IsSpecial: false)
            : throw new InvalidRequestException("TokenIds", $"hold {tokenId}, which the receipt does not name.");
    }

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Encoding.UTF8.GetString([.. tokenIds.Select(Describe).Where(entry => !skipSpecialTokens || !entry.IsSpecial).SelectMany(entry => entry.Bytes.ToArray())]));

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => throw NotHere();

    public IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default) => throw NotHere();

    private EngineFailedException NotHere() => new($"{Model.Id}, which wrote this receipt, is not loaded here.");
}
