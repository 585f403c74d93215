using System.Runtime.CompilerServices;
using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Runs;

/// <summary>The fake of the tests, which remembers what it was asked and can keep its logits to itself, as a remote server does.</summary>
internal sealed class RecordingGenerator : ITextGenerator
{
    private readonly FakeTextGenerator words = new();

    public List<GenerationRequest> Requests { get; } = [];

    public bool WithoutLogits { get; init; }

    public ModelInfo Model { get; init; } = new FakeTextGenerator().Model;

    public async Task<Run> WriteAsync(RunStore runs, GenerationRequest request)
    {
        var run = runs.Start(request, Model);
        await foreach (var happened in GenerateAsync(run.Request))
        {
            run.Record(happened);
        }
        return run;
    }

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        lock (Requests)
        {
            Requests.Add(request);
        }
        await foreach (var happened in words.GenerateAsync(request, cancellationToken))
        {
            yield return WithoutLogits && happened is TokenGenerated token ? token with { Logits = null } : happened;
        }
    }

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => words.TokenizeAsync(text, cancellationToken);

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
        words.DetokenizeAsync(tokenIds, skipSpecialTokens, cancellationToken);

    public VocabularyEntry Describe(int tokenId) => words.Describe(tokenId);
}
