using System.Runtime.CompilerServices;
using System.Text.Unicode;
using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>
/// The numbers of a text that llama.cpp's server did not write. It cannot echo a prompt, so each token is asked for behind those before it:
/// as many requests as tokens, and each a step of the model.
/// </summary>
/// <param name="asked">How many of the likeliest tokens are wanted at each place.</param>
internal sealed class LlamaCppReader(RemoteServer server, Tokenizer tokenizer, GenerationRequest request, int asked)
{
    private const int Often = 16;
    private readonly GenerationRequest plain = request with { Sampling = new() };

    public static bool Reads(RemoteServer server) => server.Listed.OwnedBy == LlamaCpp.Server;

    /// <exception cref="EngineFailedException">The server fails on the way.</exception>
    public async IAsyncEnumerable<GenerationEvent> ReadAsync(int[] prompt, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var scores = new TokenScore?[prompt.Length];
        for (var i = 1; i < prompt.Length; i++)
        {
            scores[i] = await ScoreAsync(prompt[..i], prompt[i], cancellationToken);
            if (i % Often == 0)
            {
                yield return new PromptProgress(i, prompt.Length);
            }
        }
        yield return new PromptProgress(prompt.Length, prompt.Length);
        yield return new PromptScored(scores);
    }

    private async Task<TokenScore> ScoreAsync(int[] before, int token, CancellationToken cancellationToken)
    {
        // Of a token that is no whole text it tells nothing when it is drawn, but lists it among the others when another one is.
        var isWhole = Utf8.IsValid(tokenizer.BytesOf(token).Span);
        var listed = isWhole ? asked : server.Listed.Meta?.NVocab ?? tokenizer.VocabularySize;
        using var answer = await RemoteAnswer.OpenAsync(server, RemoteRequest.ScoreNext(server.Listed, before, isWhole ? token : Stand, listed), 1, cancellationToken);
        var told = (await answer.ReadAsync(cancellationToken)).Choices is [{ Logprobs: { Content: [var first, ..] } logprobs }, ..] && first.Id == (isWhole ? token : Stand)
            ? logprobs
            : throw new EngineFailedException($"{server.Name} did not score the token {token}.");
        if (!isWhole)
        {
            var own = first.TopLogprobs?.FirstOrDefault(entry => entry.Id == token)?.Logprob ?? float.NaN;
            told = told with { Content = [first with { Id = token, Logprob = own }] };
        }
        return new RemoteScores(plain, listed).Of(token, told, 0).Score;
    }

    /// <summary>A token that is a whole text, whichever.</summary>
    private int Stand { get; } = Enumerable.Range(0, tokenizer.VocabularySize).First(id => !tokenizer.IsSpecial(id) && tokenizer.BytesOf(id) is { IsEmpty: false } bytes && Utf8.IsValid(bytes.Span));
}
