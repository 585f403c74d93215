using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Inference.Tests.Parity;

/// <summary>The whole way, from request to events, with the real model: requests that share steps get what transformers gives each alone.</summary>
public sealed class EngineParityTests
{
    public static TheoryData<string> Names => NeoxGolden.Names;

    [Theory, MemberData(nameof(Names))]
    public async Task Requests_in_one_batch_write_and_score_what_transformers_does(string name)
    {
        var folder = NeoxGolden.Folder(name);
        var config = GptNeoXConfig.Load(folder);
        var forward = NeoxGolden.Forward(name);
        var greedy = NeoxGolden.Generation(name).Greedy.Where(golden => !golden.ExceedsMaxPosition).ToList();
        Assert.NotEmpty(greedy);
        await using var engine = await StartAsync(folder, config);

        var writing = greedy.Select(golden => RunAsync(engine, new()
        {
            PromptTokenIds = forward.Single(prompt => prompt.InputIds.Length == golden.InputLen).InputIds,
            Sampling = new() { MaxTokens = golden.NewTokens.Length, Temperature = 0, Sequences = 2 },
        })).ToList();
        var scoring = forward.Where(golden => golden.InputIds.Length <= config.MaxPositionEmbeddings).Select(async golden =>
        {
            var events = await RunAsync(engine, new() { PromptTokenIds = golden.InputIds, ScorePrompt = true, Sampling = new() { MaxTokens = 0 } });
            var scores = events.OfType<PromptScored>().Single().Tokens;
            Assert.All(golden.NextTokenLogprob.Select((logprob, i) => (logprob, i)), pair => Assert.Equal(pair.logprob, scores[pair.i + 1]!.RawLogprob, 2e-4f));
        }).ToList();

        await Task.WhenAll(scoring);
        for (var i = 0; i < greedy.Count; i++)
        {
            var events = await writing[i];
            for (var sequence = 0; sequence < 2; sequence++)
            {
                Assert.Equal(greedy[i].NewTokens, events.OfType<TokenGenerated>().Where(token => token.SequenceIndex == sequence).Select(token => token.Score.TokenId));
            }
        }
    }

    private static async Task<InferenceEngine> StartAsync(string folder, GptNeoXConfig config)
    {
        var model = new ModelInfo
        {
            Id = "golden",
            ContextLength = config.MaxPositionEmbeddings,
            VocabularySize = config.VocabSize,
            EndTokenIds = config.EosTokenIds,
            ParameterCount = config.ParameterCount,
            Dtype = "fp32",
            Device = "cpu",
        };
        var engine = new InferenceEngine(
            () => ModelRunner.Load(folder, config, "cpu", "fp32", 1 << 30, threads: 1), ByteTokenizer.Tokenizer, model,
            new() { TokenBudget = 48 }, TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        await engine.StartAsync();
        return engine;
    }

    private static async Task<List<GenerationEvent>> RunAsync(InferenceEngine engine, GenerationRequest request) => await engine.GenerateAsync(request).ToListAsync();
}
