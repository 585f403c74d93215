using System.Threading.Channels;
using Kl3m.Inference;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Shell;

/// <summary>A generator whose events the test hands out one by one; it remembers what it was asked and whether it was left.</summary>
internal sealed class HeldGenerator : ITextGenerator
{
    private readonly FakeTextGenerator words = new();
    private Channel<GenerationEvent> events = Channel.CreateUnbounded<GenerationEvent>();

    public List<GenerationRequest> Requests { get; } = [];

    public List<string> Tokenized { get; } = [];

    /// <summary>Thrown in place of the first event, once.</summary>
    public Exception? Refusal { get; set; }

    public TaskCompletionSource Left { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ModelInfo Model => words.Model;

    /// <summary>Returns once it was asked so many times.</summary>
    public async Task Asked(int times)
    {
        while (Requests.Count < times)
        {
            await Task.Yield();
        }
    }

    public void Tell(GenerationEvent happened) => events.Writer.TryWrite(happened);

    public void Finish(Exception? error = null) => events.Writer.TryComplete(error);

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Requests.Add(request);
        if (Refusal is { } refusal)
        {
            Refusal = null;
            throw refusal;
        }
        try
        {
            await foreach (var happened in events.Reader.ReadAllAsync(cancellationToken))
            {
                yield return happened;
            }
        }
        finally
        {
            events = Channel.CreateUnbounded<GenerationEvent>();
            Left.TrySetResult();
        }
    }

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default)
    {
        lock (Tokenized)
        {
            Tokenized.Add(text);
        }
        return words.TokenizeAsync(text, cancellationToken);
    }

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
        words.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

    public VocabularyEntry Describe(int tokenId) => words.Describe(tokenId);

    public static TokenGenerated Token(int position, int sequence = 0, int id = 258, string text = "Agreement ") => new(
        sequence, position, text,
        new TokenScore { TokenId = id, RawLogprob = -1, FinalLogprob = -1, Rank = 1, Entropy = 2, Alternatives = [] },
        new([], 0.5, 0, 1, 10));
}
