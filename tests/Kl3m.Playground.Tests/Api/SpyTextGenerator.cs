using System.Runtime.CompilerServices;
using Kl3m.Inference;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Api;

/// <summary>Remembers what it was asked, and can play given events in place of the fake's.</summary>
internal sealed class SpyTextGenerator : ITextGenerator
{
    private readonly FakeTextGenerator fake = new();
    private readonly TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<GenerationRequest> Asked { get; } = [];

    /// <summary>The events to play; null lets the fake answer.</summary>
    public IReadOnlyList<GenerationEvent>? Script { get; init; }

    /// <summary>Thrown before the first event.</summary>
    public Exception? Refusal { get; init; }

    /// <summary>Thrown after the script.</summary>
    public Exception? Failure { get; init; }

    /// <summary>Write on and on after the script, until somebody leaves.</summary>
    public bool NeverEnds { get; init; }

    /// <summary>Done once an enumeration was left, for whatever reason.</summary>
    public Task Left => left.Task;

    public ModelInfo Model => fake.Model;

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        lock (Asked)
        {
            Asked.Add(request);
        }
        if (Refusal is not null)
        {
            throw Refusal;
        }
        try
        {
            await foreach (var happened in Script?.ToAsyncEnumerable() ?? fake.GenerateAsync(request, cancellationToken))
            {
                yield return happened;
            }
            if (Failure is not null)
            {
                throw Failure;
            }
            for (var position = 0; NeverEnds; position++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Events.Token(0, position, "x", 'x');
                await Task.Yield();
            }
        }
        finally
        {
            left.TrySetResult();
        }
    }

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => fake.TokenizeAsync(text, cancellationToken);

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
        fake.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

    public VocabularyEntry Describe(int tokenId) => fake.Describe(tokenId);
}

/// <summary>Events for scripts.</summary>
internal static class Events
{
    public static GenerationStarted Started(params int[] promptTokenIds) => new(promptTokenIds, 7);

    public static TokenGenerated Token(int sequence, int position, string text, int id, float raw = -1, float final = -1, params Alternative[] alternatives) =>
        new(sequence, position, text, Score(id, raw, final, alternatives), new([], 0.5, 0, 1, 2));

    public static TokenScore Score(int id, float raw = -1, float final = -1, params Alternative[] alternatives) =>
        new() { TokenId = id, RawLogprob = raw, FinalLogprob = final, Rank = 1, Entropy = 2, Alternatives = alternatives };

    public static GenerationFinished Finished(int prompt = 1, int completion = 1) => new(new(prompt, completion), new(TimeSpan.Zero, null, TimeSpan.Zero));
}
