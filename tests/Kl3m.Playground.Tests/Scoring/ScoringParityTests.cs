extern alias trainer;

using System.Text.Json.Nodes;
using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Scoring;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using trainer::Kl3m.Trainer.Data;
using trainer::Kl3m.Trainer.Evaluation;

namespace Kl3m.Playground.Tests.Scoring;

/// <summary>What the Score page computes, from the request to the engine and back, held against Hugging Face and against the trainer.</summary>
public sealed class ScoringParityTests
{
    private const double LogprobTolerance = 2e-4;

    public static TheoryData<string> Checkpoints => ["neox-170m-like", "neox-kl3m-like", "neox-sharded-fp16", "neox-tied-bf16"];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task Perplexity_is_that_of_transformers_by_each_of_the_three_recipes(string checkpoint)
    {
        await using var engine = await LoadAsync(SharedFolder.Require($"golden/neox/checkpoints/{checkpoint}"));
        var golden = JsonNode.Parse(await File.ReadAllTextAsync(SharedFolder.Require($"golden/neox/goldens/{checkpoint}/perplexity.json"), TestContext.Current.CancellationToken))!;
        var ids = golden["input_ids"]!.AsArray().Select(id => (int)id!).ToArray();
        var recipe = new ScoringRecipe((int)golden["max_length"]!, (int)golden["stride"]!);

        var (scores, windows) = await TextScorer.ScoreAsync(engine, ids, recipe, alternatives: 1, user: null, report: null, TestContext.Current.CancellationToken);

        Assert.Null(scores[0]);
        Assert.All(golden["token_nll"]!.AsArray().Index().Skip(1), token => Assert.Equal((double)token.Item!, -scores[token.Index]!.RawLogprob, LogprobTolerance));
        var read = new ScoredText
        {
            Text = "",
            Model = engine.Model,
            Recipe = recipe,
            Tokens = [.. scores.Select((score, i) => new ScoredToken(ids[i], "", 0, score))],
            Windows = windows,
            Elapsed = default,
        };
        Agrees("exact_token_mean", PerplexityRecipe.EachTokenOnce);
        Agrees("hf_docs_old", PerplexityRecipe.MeanOfWindows);
        Agrees("hf_docs_new", PerplexityRecipe.WeightedWindows);

        void Agrees(string name, PerplexityRecipe by) => Assert.Equal(1, read.Perplexity(by)!.Value / (double)golden[name]!["perplexity"]!, 1e-4);
    }

    /// <summary>A few documents of each kind, shorter and longer than the context; with KL3M_CORPUS=whole all of them (some minutes).</summary>
    [Fact]
    public async Task Bits_per_byte_of_held_out_documents_are_those_of_the_trainers_evaluate()
    {
        var valid = SharedFolder.Require("corpus/valid");
        var whole = Environment.GetEnvironmentVariable("KL3M_CORPUS") == "whole";
        var folder = whole ? valid : Sample(valid);
        const int Stride = 512;
        await using var engine = await LoadAsync(ModelFolder.BundledPath);
        var recipe = new ScoringRecipe(engine.Model.ContextLength, Stride, BehindEnd: true);
        var evaluated = EvaluateCommand.Scores(ModelFolder.BundledPath, CorpusFile.In(folder), Stride, threads: 1, dtype: "fp32");
        var (allNats, allBytes) = (0.0, 0L);
        foreach (var file in CorpusFile.In(folder))
        {
            var (nats, bytes, tokens) = (0.0, 0L, 0);
            foreach (var document in file.Documents())
            {
                var read = await TextScorer.ScoreAsync(engine, document, recipe, 0, null, TimeProvider.System, null, TestContext.Current.CancellationToken);
                (nats, bytes, tokens) = (nats + read.Surprise.Nats, bytes + read.ScoredBytes, tokens + read.Surprise.Tokens);
            }
            var expected = evaluated.Single(score => score.Kind == file.Kind);
            Assert.Equal((expected.Tokens, expected.Bytes), (tokens, bytes));
            Assert.Equal(expected.BitsPerByte, nats / Math.Log(2) / bytes, 1e-4);
            (allNats, allBytes) = (allNats + nats, allBytes + bytes);
        }
        var overall = allNats / Math.Log(2) / allBytes;
        Assert.Equal(evaluated[^1].BitsPerByte, overall, 1e-4);
        TestContext.Current.TestOutputHelper!.WriteLine($"{allBytes:N0} bytes: evaluate {evaluated[^1].BitsPerByte:F6}, Score {overall:F6}");
        if (!whole)
        {
            Directory.Delete(folder, recursive: true);
        }
    }


    private static string Sample(string valid)
    {
        var folder = Directory.CreateTempSubdirectory("kl3m-score-").FullName;
        foreach (var file in CorpusFile.In(valid))
        {
            var documents = file.Documents().ToList();
            string[] taken = [.. documents.Where(document => document.Length < 2_000).Take(1), .. documents.Where(document => document.Length is > 5_000 and < 7_000).Take(1)];
            File.WriteAllText(Path.Combine(folder, file.Kind + ".txt"), string.Concat(taken.Select(document => document + "\n<|end|>\n")));
        }
        return folder;
    }

    private static Task<InferenceEngine> LoadAsync(string folder) =>
        EngineLoader.LoadAsync(folder, "model", new EngineOptions { Device = "cpu", Dtype = "fp32", Threads = 1 }, TimeProvider.System, NullLogger<InferenceEngine>.Instance, null, TestContext.Current.CancellationToken);
}
