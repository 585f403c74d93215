using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using Kl3m.Inference.Tokenization;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Inference.Tests.Bundled;

/// <summary>The model that ships with the app is a standard Hugging Face GPT-NeoX folder, within the limits set for it, and it writes.</summary>
public sealed class BundledModelTests
{
    private static readonly string Folder = Path.Combine(SharedFolder.Repository, "src", "Kl3m.Playground", "BundledModel");

    [Fact]
    public void The_weights_are_those_of_the_config_in_bf16_none_missing_none_extra()
    {
        var config = GptNeoXConfig.Load(Folder);
        var expected = new Dictionary<string, string>();
        using (var model = new GptNeoXModel(config, (name, shape) =>
        {
            expected.Add(name, string.Join(',', shape));
            return TorchSharp.torch.zeros(shape);
        }))
        {
            Assert.Equal(config.ParameterCount, model.Parameters.Sum(pair => pair.Parameter.NumberOfElements));
        }
        var header = Header(Path.Combine(Folder, "model.safetensors")).Where(pair => pair.Key != "__metadata__").ToList();
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), header.Select(pair => pair.Key).Order(StringComparer.Ordinal));
        Assert.All(header, pair =>
        {
            Assert.Equal("BF16", pair.Value!["dtype"]!.GetValue<string>());
            Assert.Equal(expected[pair.Key], string.Join(',', pair.Value["shape"]!.AsArray()));
        });
    }

    [Fact]
    public void It_is_small_enough_to_ship_and_long_enough_to_use()
    {
        Assert.True(Directory.GetFiles(Folder).Sum(file => new FileInfo(file).Length) <= 40_000_000);
        Assert.True(GptNeoXConfig.Load(Folder).MaxPositionEmbeddings >= 1024);
        Assert.Equal(GptNeoXConfig.Load(Folder).VocabSize, Tokenizer.Load(Path.Combine(Folder, "tokenizer.json")).VocabularySize);
    }

    [Fact]
    public void Its_card_names_sources_licence_figures_and_limits()
    {
        var card = File.ReadAllText(Path.Combine(Folder, "README.md"));
        Assert.All(
            ["license: cc-by-4.0", "The Atticus Project", "Common Paper", "kl3m-003-1.7b", "xz -9", "bits per byte", "legal advice", "training-curve.svg"],
            words => Assert.Contains(words, card, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("Medical devices are regulated by")]
    [InlineData("Under this section, ")]
    [InlineData("Governing Law. ")]
    [InlineData("The term ")]
    [InlineData("Notwithstanding any other provision of law, ")]
    public async Task It_continues_a_prompt_better_than_chance_and_repeats_itself_given_the_seed(string prompt)
    {
        await using var engine = await EngineLoader.LoadAsync(Folder, "bundled", new(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
        var request = new GenerationRequest { Prompt = prompt, Sampling = new() { Temperature = 0.7f, TopP = 0.95f, Seed = 1, MaxTokens = 48, StopAtEnd = false } };
        var first = await TokensAsync(engine, request);
        Assert.Equal(48, first.Count);
        Assert.True(first.Average(token => token.Score.Surprisal) < Math.Log2(engine.Model.VocabularySize) / 2, "The text must surprise its own model far less than noise would.");
        Assert.Equal(first.Select(token => token.Text), (await TokensAsync(engine, request)).Select(token => token.Text));
    }

    private static async Task<List<TokenGenerated>> TokensAsync(InferenceEngine engine, GenerationRequest request)
    {
        var tokens = new List<TokenGenerated>();
        await foreach (var happened in engine.GenerateAsync(request))
        {
            if (happened is TokenGenerated token)
            {
                tokens.Add(token);
            }
        }
        return tokens;
    }

    private static JsonObject Header(string path)
    {
        using var file = File.OpenRead(path);
        var length = new byte[8];
        file.ReadExactly(length);
        var header = new byte[BinaryPrimitives.ReadInt64LittleEndian(length)];
        file.ReadExactly(header);
        return JsonNode.Parse(header)!.AsObject();
    }
}
