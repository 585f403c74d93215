using System.Text;

namespace Kl3m.Playground.Api;

/// <summary>Joins the pieces of one choice.</summary>
internal sealed class JoinedChoice(int index)
{
    private readonly StringBuilder text = new();
    private readonly List<int> tokenIds = [];
    private readonly List<string> tokens = [];
    private readonly List<float?> tokenLogprobs = [];
    private readonly List<IReadOnlyDictionary<string, float>?> topLogprobs = [];
    private readonly List<int> textOffset = [];
    private IReadOnlyList<int>? promptTokenIds;
    private CompletionChoice? last;

    public void Add(CompletionChoice piece)
    {
        text.Append(piece.Text);
        tokenIds.AddRange(piece.TokenIds ?? []);
        promptTokenIds ??= piece.PromptTokenIds;
        last = piece;
        if (piece.Logprobs is { } logprobs)
        {
            tokens.AddRange(logprobs.Tokens);
            tokenLogprobs.AddRange(logprobs.TokenLogprobs);
            topLogprobs.AddRange(logprobs.TopLogprobs);
            textOffset.AddRange(logprobs.TextOffset);
        }
    }

    public CompletionChoice Whole(CompletionRequest request) => new()
    {
        Index = index,
        Text = text.ToString(),
        Logprobs = request.Logprobs is null
            ? null
            : new() { Tokens = tokens, TokenLogprobs = tokenLogprobs, TopLogprobs = topLogprobs, TextOffset = textOffset },
        FinishReason = last?.FinishReason,
        StopReason = last?.StopReason,
        TokenIds = request.ReturnTokenIds ? tokenIds : null,
        PromptTokenIds = promptTokenIds,
    };
}
