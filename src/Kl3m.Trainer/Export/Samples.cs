using System.Text;
using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using Kl3m.Inference.Tokenization;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Trainer.Export;

/// <summary>What the model writes, through the inference engine that serves it.</summary>
internal sealed record Sample(string Prompt, ulong Seed, string Text);

/// <summary>Continuations for the model card: each prompt with every seed, as they come.</summary>
internal static class Samples
{
    public const int Count = 10, MaxTokens = 80;

    public static readonly IReadOnlyList<string> Prompts =
    [
        "Medical devices are regulated by",
        "Under this section, ",
        "Governing Law. ",
        "The term ",
        "Notwithstanding any other provision of law, ",
    ];

    /// <summary>Ten in all: the prompts in turn, seeds 1 to 10.</summary>
    public static async IAsyncEnumerable<Sample> Write(string folder)
    {
        var config = GptNeoXConfig.Load(folder);
        var tokenizer = Tokenizer.Load(Path.Combine(folder, "tokenizer.json"));
        var model = new ModelInfo
        {
            Id = Path.GetFileName(folder),
            ContextLength = config.MaxPositionEmbeddings,
            VocabularySize = config.VocabSize,
            EndTokenIds = config.EosTokenIds,
            ParameterCount = 0,
            Dtype = "bf16",
            Device = "cpu",
        };
        await using var engine = new InferenceEngine(
            () => ModelRunner.Load(folder, config, "cpu", "bf16", 1 << 28),
            tokenizer, model, new EngineOptions(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        await engine.StartAsync().ConfigureAwait(false);
        for (var i = 0; i < Count; i++)
        {
            var (prompt, seed) = (Prompts[i % Prompts.Count], (ulong)i + 1);
            var text = new StringBuilder();
            var sampling = new SamplingParams { Temperature = 0.7f, TopP = 0.95f, Seed = seed, MaxTokens = MaxTokens };
            var request = new GenerationRequest { Prompt = prompt, Sampling = sampling, Alternatives = 0 };
            await foreach (var occurred in engine.GenerateAsync(request).ConfigureAwait(false))
            {
                text.Append((occurred as TokenGenerated)?.Text);
            }
            yield return new(prompt, seed, text.ToString());
        }
    }
}
