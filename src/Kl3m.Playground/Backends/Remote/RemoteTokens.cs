using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Sampling;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>Makes one sequence's events out of what a server says of it.</summary>
internal sealed class RemoteTokens(int index, Tokenizer tokenizer, GenerationRequest request, IReadOnlyList<int> endTokens, int asked)
{
    private readonly TextAssembler text = new(index, tokenizer, [.. request.Sampling.Stop.Select(stop => new StopMatcher.Pattern(stop))], request.CompletionTokenIds);
    private readonly RemoteScores scores = new(request, asked);
    private readonly UntoldTokens untold = new(tokenizer);

    public bool HasFinished { get; private set; }

    /// <summary>It ended by a stop text or an end token that was seen here; the server may go on writing.</summary>
    public bool EndedHere { get; private set; }

    /// <summary>Tokens that were written.</summary>
    public int Count { get; private set; }

    /// <exception cref="EngineFailedException">The server tells less than is needed.</exception>
    public IEnumerable<GenerationEvent> Read(RemoteChoice choice)
    {
        var ids = IdsOf(choice);
        if (choice.Logprobs?.Content is not null && ids is [var told])
        {
            foreach (var missing in untold.Before(choice.Text ?? "", told))
            {
                Count++;
                foreach (var settled in text.Append(RemoteScores.Unknown(missing)))
                {
                    yield return settled;
                }
            }
        }
        for (var i = 0; i < ids.Count && !HasFinished; i++)
        {
            Count++;
            var token = scores.Of(ids[i], choice.Logprobs, i);
            if (request.Sampling.StopAtEnd && endTokens.Contains(ids[i]))
            {
                EndedHere = true;
                foreach (var settled in Finish(FinishReason.Stop, null, ids[i], token))
                {
                    yield return settled;
                }
                break;
            }
            foreach (var settled in text.Append(token))
            {
                yield return settled;
            }
            if (text.StopText is { } stop)
            {
                HasFinished = EndedHere = true;
                yield return new SequenceFinished(index, FinishReason.Stop, stop);
            }
        }
        if (choice.FinishReason is { } reason && !HasFinished)
        {
            var why = reason switch { "length" => FinishReason.Length, "stop" => FinishReason.Stop, _ => FinishReason.Cancelled };
            foreach (var settled in Finish(why, StopText(choice), null, null))
            {
                yield return settled;
            }
        }
    }

    /// <summary>What is known of a prompt's tokens; the first has no numbers.</summary>
    public static PromptScored Prompt(IReadOnlyList<int> prompt, RemoteChoice choice, GenerationRequest request, int asked)
    {
        if (choice.Logprobs?.TokenLogprobs?.Count is not { } count || count < prompt.Count)
        {
            throw new EngineFailedException("The remote server did not score the prompt (echo with logprobs).");
        }
        var raw = new RemoteScores(request with { Sampling = new() }, asked);
        return new([.. prompt.Select((id, i) => choice.Logprobs.TokenLogprobs[i] is null ? null : raw.Of(id, choice.Logprobs, i).Score)]);
    }

    private IEnumerable<GenerationEvent> Finish(FinishReason reason, string? stopText, int? stopToken, SampledToken? endToken)
    {
        HasFinished = true;
        foreach (var settled in text.Finish(endToken))
        {
            yield return settled;
        }
        yield return new SequenceFinished(index, reason, text.StopText ?? stopText, stopToken);
    }

    private static string? StopText(RemoteChoice choice) =>
        choice.StopReason is { ValueKind: System.Text.Json.JsonValueKind.String } stop ? stop.GetString() : null;

    private static IReadOnlyList<int> IdsOf(RemoteChoice choice)
    {
        if (choice.Logprobs?.Content is { } told)
        {
            return [.. told.Select(token => token.Id)];
        }
        var named = choice.Logprobs?.Tokens;
        if (choice.TokenIds is { } ids)
        {
            return named is null || named.Count == ids.Count ? ids : throw new EngineFailedException("The remote server's tokens and numbers do not match.");
        }
        return named is null ? [] : [.. named.Select(name => RemoteLogprobs.IdOf(name)
            ?? throw new EngineFailedException("The remote server names tokens by their text only; it must know return_token_ids or return_tokens_as_token_ids."))];
    }
}
