using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Kl3m.Tests.Shared;

namespace Kl3m.Inference.Tests.Parity;

/// <summary>What transformers said of a small checkpoint; ../shared/golden/neox/README.md describes the files.</summary>
internal static class NeoxGolden
{
    public static readonly TheoryData<string> Names = ["neox-170m-like", "neox-kl3m-like", "neox-sharded-fp16", "neox-tied-bf16"];

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string Folder(string name) => SharedFolder.Require($"golden/neox/checkpoints/{name}");

    public static IReadOnlyList<ForwardCase> Forward(string name) => Read(name, "forward.json")["forward"].Deserialize<ForwardCase[]>(Options)!;

    public static GenerationCases Generation(string name) => Read(name, "generation.json").Deserialize<GenerationCases>(Options)!;

    public static HiddenCase Hidden(string name) => Read(name, "hidden.json").Deserialize<HiddenCase>(Options)!;

    public static JsonNode Perplexity(string name) => Read(name, "perplexity.json");

    private static JsonNode Read(string name, string file) =>
        JsonNode.Parse(File.ReadAllBytes(SharedFolder.Require($"golden/neox/goldens/{name}/{file}")))!;

    public sealed record ForwardCase(
        int[] InputIds, float[] LastLogits, float[][]? AllLogits, float[] NextTokenLogprob, int[][] Top5Ids, float[][] Top5Logprobs, float[] Top5MinGap);

    public sealed record GreedyCase(int InputLen, int[] NewTokens, bool StoppedByEos, bool ExceedsMaxPosition);

    public sealed record BatchCase(int[][] InputIds, int[][] AttentionMask, int[][] NewTokens, int? PadTokenId);

    public sealed record GenerationCases(GreedyCase[] Greedy, BatchCase BatchLeftPadded);

    public sealed record Point(string Name, int[] Shape, double Mean, double Std, float[] First4Pos0, float[] First4Last);

    public sealed record HiddenCase(int[] InputIds, Point[] Points, float[][] AttentionProbsLayer0LastQuery);
}
