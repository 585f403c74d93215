using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Engine;

/// <summary>
/// The bundled model writes the same tokens with the same numbers, to the last bit, whoever else is served: alone in an engine that keeps
/// nothing, and in random company in one that reads prompts in odd chunks, takes beginnings over, and has little room.
/// <c>KL3M_REPRODUCE=1000</c> asks that many requests.
/// </summary>
public sealed class ReproducibilityTests
{
    private static readonly string Folder = Path.Combine(SharedFolder.Repository, "src", "Kl3m.Playground", "BundledModel");
    private static readonly string Text = File.ReadAllText(Path.Combine(Folder, "README.md"));
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("KL3M_REPRODUCE"), out var count) ? count : 24;

    [Theory, InlineData("fp32"), InlineData("bf16")]
    public async Task Seeded_requests_write_the_same_alone_and_in_random_company(string dtype)
    {
        SkipWithout(dtype);
        var random = new Random(11);
        var requests = Enumerable.Range(0, Count).Select(_ => Request(random)).ToList();
        var alone = await AloneAsync(dtype, requests);

        // 500 tokens a request at most, room for some of them, and what is kept is pushed out all the time.
        await using var crowded = await LoadAsync(dtype, new() { TokenBudget = 37, MaxRunning = 20, MaxWaiting = 10_000, KvCacheBytes = 40_000_000, MaxPrefixes = 10 });
        using var strangersGo = new CancellationTokenSource();
        var strangers = Enumerable.Range(0, 3).Select(i => BotherAsync(crowded, new Random(i), strangersGo.Token)).ToList();
        var company = await Task.WhenAll(requests.OrderBy(_ => random.Next()).Select(async request => (request, events: await RunAsync(crowded, request))));
        await strangersGo.CancelAsync();
        await Task.WhenAll(strangers);

        var same = company.Count(run => Same(alone[run.request], run.events));
        Assert.Equal($"{Count} of {Count} identical", $"{same} of {Count} identical");
    }

    [Theory, InlineData("fp32"), InlineData("bf16")]
    public async Task A_text_that_goes_on_from_any_of_its_tokens_is_the_text_written_at_once(string dtype)
    {
        SkipWithout(dtype);
        var random = new Random(5);
        await using var engine = await LoadAsync(dtype, new());
        for (var i = 0; i < 6; i++)
        {
            var whole = Request(random) with { ScorePrompt = false, Sampling = new() { MaxTokens = 30, Seed = (ulong)i, StopAtEnd = false, RepetitionPenalty = 1.1f } };
            var written = (await RunAsync(engine, whole)).Tokens();
            var cut = random.Next(30);
            var rest = await RunAsync(engine, whole with { CompletionTokenIds = [.. written.Take(cut).Select(token => token.Score.TokenId)], Sampling = whole.Sampling with { MaxTokens = 30 - cut } });
            Assert.Equal(written.Skip(cut).Select(Numbers), rest.Tokens().Select(Numbers));
        }
    }

    private static async Task<Dictionary<GenerationRequest, List<GenerationEvent>>> AloneAsync(string dtype, List<GenerationRequest> requests)
    {
        await using var engine = await LoadAsync(dtype, new() { MaxPrefixes = 0 });
        var events = new Dictionary<GenerationRequest, List<GenerationEvent>>(ReferenceEqualityComparer.Instance);
        foreach (var request in requests)
        {
            events.Add(request, await RunAsync(engine, request));
        }
        return events;
    }

    /// <summary>Somebody who asks for this and that and often leaves in the middle.</summary>
    private static async Task BotherAsync(InferenceEngine engine, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var patience = random.Next(30);
            await foreach (var happened in engine.GenerateAsync(Request(random), CancellationToken.None))
            {
                if (patience-- == 0 || stop.IsCancellationRequested)
                {
                    break;
                }
            }
        }
    }

    private static GenerationRequest Request(Random random)
    {
        // Many begin alike, and some beginnings are longer than a step.
        var start = random.Next(3) * 200;
        return new()
        {
            Prompt = Text.Substring(start, 1 + random.Next(random.Next(2) == 0 ? 40 : 700)),
            ScorePrompt = random.Next(10) == 0,
            Alternatives = 3,
            Sampling = new()
            {
                MaxTokens = random.Next(1, 24),
                Sequences = random.Next(1, 4),
                Seed = (ulong)random.Next(),
                Temperature = random.Next(3) * 0.6f,
                TopK = random.Next(2) * 50,
                TopP = random.Next(2) == 0 ? 1 : 0.9f,
                RepetitionPenalty = random.Next(2) == 0 ? 1 : 1.2f,
            },
        };
    }

    private static bool Same(List<GenerationEvent> a, List<GenerationEvent> b) =>
        a.OfType<TokenGenerated>().Select(Numbers).Order().SequenceEqual(b.OfType<TokenGenerated>().Select(Numbers).Order())
        && a.OfType<PromptScored>().SelectMany(scored => scored.Tokens).Select(score => score?.RawLogprob).SequenceEqual(
            b.OfType<PromptScored>().SelectMany(scored => scored.Tokens).Select(score => score?.RawLogprob))
        && a.OfType<SequenceFinished>().ToHashSet().SetEquals(b.OfType<SequenceFinished>());

    private static (int Sequence, int Position, int Id, float Raw, float Final, float Entropy, int Rank) Numbers(TokenGenerated token) =>
        (token.SequenceIndex, token.Position, token.Score.TokenId, token.Score.RawLogprob, token.Score.FinalLogprob, token.Score.Entropy, token.Score.Rank);

    private static async Task<List<GenerationEvent>> RunAsync(InferenceEngine engine, GenerationRequest request) => await engine.GenerateAsync(request).ToListAsync();

    private static Task<InferenceEngine> LoadAsync(string dtype, EngineOptions options) =>
        EngineLoader.LoadAsync(Folder, "bundled", options with { Device = "cpu", Dtype = dtype, Threads = 1, MaxWaitingPerUser = options.MaxWaiting }, TimeProvider.System, NullLogger<InferenceEngine>.Instance);

    private static void SkipWithout(string dtype)
    {
        if (dtype == "bf16" && !PackedLinear.Serves(ScalarType.BFloat16, CPU))
        {
            Assert.Skip("this CPU does not multiply bf16");
        }
    }
}
