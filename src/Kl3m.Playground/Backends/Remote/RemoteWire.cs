using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>A frame of /v1/completions as vLLM writes it; a whole answer has the same fields.</summary>
internal sealed record RemoteFrame(IReadOnlyList<RemoteChoice>? Choices, RemoteUsage? Usage, JsonElement? Error);

/// <param name="TokenIds">Of the new tokens, where the server was asked for them and knows the field.</param>
/// <param name="StopReason">The stop text, or the id of the end token; null for the model's own end.</param>
internal sealed record RemoteChoice(int Index, string? Text, RemoteLogprobs? Logprobs, string? FinishReason, JsonElement? StopReason, IReadOnlyList<int>? TokenIds);

/// <summary>Parallel lists, one entry for each token; tokens are written as "token_id:123".</summary>
/// <param name="Content">Instead of the lists: what llama.cpp tells of each token.</param>
internal sealed record RemoteLogprobs(
    IReadOnlyList<string>? Tokens, IReadOnlyList<float?>? TokenLogprobs, IReadOnlyList<Dictionary<string, float>?>? TopLogprobs, IReadOnlyList<RemoteTold>? Content)
{
    private const string Prefix = "token_id:";

    public static int? IdOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>The number of the token at a place, and tokens that were likely there, in no order.</summary>
    public (float? Own, IEnumerable<(int Id, float Logprob)> Likely) At(int place) => Content is not null
        ? (place < Content.Count ? Content[place].Logprob : null, Content.ElementAtOrDefault(place)?.TopLogprobs?.Select(told => (told.Id, told.Logprob)) ?? [])
        : (TokenLogprobs?.ElementAtOrDefault(place), (TopLogprobs?.ElementAtOrDefault(place) ?? []).Select(entry => (IdOf(entry.Key) ?? -1, entry.Value)).Where(entry => entry.Item1 >= 0));
}

internal sealed record RemoteTold(int Id, float Logprob, IReadOnlyList<RemoteTold>? TopLogprobs);

internal sealed record RemoteUsage(int PromptTokens, int CompletionTokens);

internal sealed record RemoteModels(IReadOnlyList<RemoteModel> Data);

/// <param name="OwnedBy">vllm, kl3m-playground, llamacpp, ...</param>
/// <param name="Meta">llama.cpp's, instead of MaxModelLen.</param>
internal sealed record RemoteModel(string Id, string? OwnedBy, int? MaxModelLen, RemoteMeta? Meta = null);

/// <param name="TotalSlots">llama.cpp's places: so many sequences at once, and in one request.</param>
internal sealed record RemoteProps(int? TotalSlots);

internal sealed record RemoteMeta(int? NCtx, int? NCtxTrain, int? NVocab);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RemoteFrame))]
[JsonSerializable(typeof(RemoteModels))]
[JsonSerializable(typeof(RemoteProps))]
internal sealed partial class RemoteWire : JsonSerializerContext;
