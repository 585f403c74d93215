using Kl3m.Inference;

namespace Kl3m.Playground.Api;

/// <summary>Turns the events of one prompt into what is new in its choices.</summary>
/// <param name="firstIndex">Index of the prompt's first choice.</param>
/// <param name="echo">The prompt to repeat, if that was asked for.</param>
internal sealed class ChoiceWriter(ITextGenerator generator, CompletionRequest request, int firstIndex, IReadOnlyList<int> promptTokenIds, EchoedPrompt? echo)
{
    private const float LowestLogprob = -9999; // JSON has no infinity

    private readonly int[] offsets = [.. Enumerable.Repeat(echo?.CodePoints ?? 0, request.Sampling.Sequences)];

    private IEnumerable<int> Sequences => Enumerable.Range(0, request.Sampling.Sequences);

    /// <summary>What every choice starts with; a scored prompt waits for its numbers.</summary>
    public IEnumerable<CompletionChoice> Start()
    {
        var text = request.Logprobs is null ? echo?.Text : null;
        return text is null && !request.ReturnTokenIds ? [] : Sequences.Select(sequence => new CompletionChoice
        {
            Index = firstIndex + sequence,
            Text = text ?? "",
            PromptTokenIds = request.ReturnTokenIds ? promptTokenIds : null,
            TokenIds = request.ReturnTokenIds ? [] : null,
        });
    }

    public IEnumerable<CompletionChoice> Next(GenerationEvent happened) => happened switch
    {
        PromptScored scored when echo is not null => Sequences.Select(sequence => new CompletionChoice
        {
            Index = firstIndex + sequence,
            Text = echo.Text,
            Logprobs = Logprobs(scored.Tokens, echo.Offsets),
        }),
        TokenGenerated token when HasNews(token) => [Choice(token)],
        SequenceFinished finished => [new CompletionChoice
        {
            Index = firstIndex + finished.SequenceIndex,
            Text = "",
            FinishReason = finished.Reason.WireName(),
            StopReason = finished.WireStopReason(),
        }],
        _ => [],
    };

    /// <summary>A token without text (half a character, an end token) matters only to those who asked for tokens.</summary>
    private bool HasNews(TokenGenerated token) => token.Text.Length > 0 || request.Logprobs is not null || request.ReturnTokenIds;

    private CompletionChoice Choice(TokenGenerated token)
    {
        var offset = offsets[token.SequenceIndex];
        offsets[token.SequenceIndex] += TokenText.CodePoints(token.Text);
        return new()
        {
            Index = firstIndex + token.SequenceIndex,
            Text = token.Text,
            Logprobs = request.Logprobs is null ? null : Logprobs([token.Score], [offset]),
            TokenIds = request.ReturnTokenIds ? [token.Score.TokenId] : null,
        };
    }

    private CompletionLogprobs Logprobs(IReadOnlyList<TokenScore?> scores, IReadOnlyList<int> textOffsets) => new()
    {
        // Only a prompt's first token has no score.
        Tokens = [.. scores.Select((score, i) => Name(score?.TokenId ?? promptTokenIds[i]))],
        TokenLogprobs = [.. scores.Select(score => score is null ? (float?)null : Logprob(score.RawLogprob, score.FinalLogprob))],
        TopLogprobs = [.. scores.Select(score => score is null ? null : Top(score))],
        TextOffset = textOffsets,
    };

    private Dictionary<string, float> Top(TokenScore score)
    {
        IEnumerable<Alternative> likely = score.Alternatives;
        if (request.ProcessedLogprobs)
        {
            likely = likely.OrderByDescending(token => token.FinalLogprob); // stable: ties stay in raw order
        }
        var top = new Dictionary<string, float>();
        foreach (var token in likely.Take(request.Logprobs ?? 0))
        {
            top.TryAdd(Name(token.TokenId), Logprob(token.RawLogprob, token.FinalLogprob));
        }
        top.TryAdd(Name(score.TokenId), Logprob(score.RawLogprob, score.FinalLogprob));
        return top;
    }

    private float Logprob(float raw, float final) => MathF.Max(LowestLogprob, request.ProcessedLogprobs ? final : raw);

    private string Name(int tokenId) => request.ReturnTokensAsTokenIds ? $"token_id:{tokenId}" : generator.Describe(tokenId).Name();
}
