using System.Runtime.CompilerServices;
using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Sampling;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Playground.Backends.Remote;

/// <summary>
/// A model that runs on OpenAI-compatible servers. Each request goes to the one that has least to do; before its first token it may go to
/// another one, after it never: a text is not written twice. Tokens are split and joined here, by the model's own tokenizer.json.
/// </summary>
internal sealed class RemoteTextGenerator(IReadOnlyList<RemoteServer> servers, Tokenizer tokenizer, ModelInfo model, TimeProvider time) : ITextGenerator
{
    private readonly CheckedTokenizer texts = new(tokenizer, model, new EngineOptions());
    private int turn;

    public ModelInfo Model { get; } = model;

    /// <summary>Whether any of its servers answers.</summary>
    public bool IsHealthy => servers.Any(server => server.Model is not null);

    /// <summary>A request for more sequences than the servers take at once is asked in parts, one after another, with the dice of their places.</summary>
    public IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default) =>
        servers.Min(server => server.MostSequences) is var most && request.Sampling.Sequences > most
            ? RemoteParts.GenerateAsync(request, most, part => GenerateOnceAsync(part, cancellationToken))
            : GenerateOnceAsync(request, cancellationToken);

    private async IAsyncEnumerable<GenerationEvent> GenerateOnceAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var tokens = await Task.Run(() => texts.Limits.Check(request), cancellationToken);
        var seed = request.Sampling.Seed ?? SeededRandom.NewSeed();
        int[] prompt = [.. tokens.Take(tokens.Length - request.CompletionTokenIds.Count)];
        var hasStarted = false;
        if (request.ScorePrompt)
        {
            await foreach (var happened in ScoreAsync(request, prompt, cancellationToken))
            {
                if (!hasStarted)
                {
                    hasStarted = true;
                    yield return new GenerationStarted(prompt, seed);
                }
                yield return happened;
            }
        }
        using var stream = request.Sampling.MaxTokens == 0 ? null : await SendAsync(request, server =>
            RemoteRequest.Continue(server.Listed, tokens, request, seed, Model, Asked(request, server), PriorityOf(request, server)), cancellationToken);
        if (!hasStarted)
        {
            yield return new GenerationStarted(prompt, seed);
        }
        var sequences = Enumerable.Range(0, request.Sampling.Sequences).Select(index => new RemoteTokens(index, tokenizer, request, Model.EndTokenIds, stream is null ? 0 : Asked(request, stream.Server))).ToArray();
        TimeSpan? first = null;
        if (stream is null)
        {
            if (!request.ScorePrompt)
            {
                yield return new PromptProgress(prompt.Length, prompt.Length);
            }
            foreach (var index in Enumerable.Range(0, request.Sampling.Sequences))
            {
                yield return new SequenceFinished(index, FinishReason.Length);
            }
        }
        else
        {
            await foreach (var frame in stream.FramesAsync(cancellationToken))
            {
                foreach (var choice in frame.Choices ?? [])
                {
                    if (first is null)
                    {
                        first = time.GetElapsedTime(started);
                        if (!request.ScorePrompt)
                        {
                            yield return new PromptProgress(prompt.Length, prompt.Length);
                        }
                    }
                    if (choice.Index < 0 || choice.Index >= sequences.Length)
                    {
                        throw new EngineFailedException($"{stream.Server.Name} answered for a sequence ({choice.Index}) that was not asked for.");
                    }
                    foreach (var happened in sequences[choice.Index].Read(choice))
                    {
                        yield return happened;
                    }
                }
                if (sequences.All(sequence => sequence.HasFinished) && sequences.Any(sequence => sequence.EndedHere))
                {
                    break; // the server may not know of that end
                }
            }
            if (sequences.Any(sequence => !sequence.HasFinished))
            {
                throw new EngineFailedException($"The line to {stream.Server.Name} broke off after {sequences.Sum(sequence => sequence.Count)} tokens.");
            }
        }
        yield return new GenerationFinished(new(prompt.Length, sequences.Sum(sequence => sequence.Count)), new(TimeSpan.Zero, first, time.GetElapsedTime(started)));
    }

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default) => texts.TokenizeAsync(text, cancellationToken);

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default) =>
        texts.DetokenizeAsync(tokenIds, skipSpecialTokens);

    public VocabularyEntry Describe(int tokenId) => texts.Describe(tokenId);

    /// <summary>At least one, so that there is a rank to know; as many as top-k keeps, so that final probabilities can be worked out, if it tells so many.</summary>
    private static int Asked(GenerationRequest request, RemoteServer server) =>
        Math.Clamp(request.Alternatives == 0 ? 1 : Math.Max(request.Alternatives, request.Sampling.TopK), 1, server.Options.Alternatives);

    private static int? PriorityOf(GenerationRequest request, RemoteServer server) => server.Options.Priority ? request.Priority : null;

    /// <summary>The prompt's numbers in the end, and before them how far its reading is.</summary>
    private async IAsyncEnumerable<GenerationEvent> ScoreAsync(GenerationRequest request, int[] prompt, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // vLLM scores a prompt only where it does not stream: a request of its own.
        using var answer = await SendAsync(request, server => LlamaCppReader.Reads(server)
            ? RemoteRequest.ScoreNext(server.Listed, prompt[..1], prompt[0], 1) // any: it shows that the server is there
            : RemoteRequest.Score(server.Listed, prompt, Asked(request, server), PriorityOf(request, server)), cancellationToken);
        if (LlamaCppReader.Reads(answer.Server))
        {
            answer.Dispose();
            var reader = new LlamaCppReader(answer.Server, tokenizer, request, Asked(request, answer.Server));
            await foreach (var happened in reader.ReadAsync(prompt, cancellationToken))
            {
                yield return happened;
            }
            yield break;
        }
        var scored = (await answer.ReadAsync(cancellationToken)).Choices is [var only, ..]
            ? RemoteTokens.Prompt(prompt, only, request, Asked(request, answer.Server))
            : throw new EngineFailedException($"{answer.Server.Name} did not score the prompt.");
        yield return new PromptProgress(prompt.Length, prompt.Length);
        yield return scored;
    }

    /// <summary>Sends to the server with least to do; to another one if that cannot be reached or fails before it answers.</summary>
    private async Task<RemoteAnswer> SendAsync(GenerationRequest request, Func<RemoteServer, HttpContent> write, CancellationToken cancellationToken)
    {
        Exception? last = null;
        var tried = new HashSet<RemoteServer>();
        while (Next(tried) is { } server)
        {
            tried.Add(server);
            if (RemoteRequest.Unknown(request, server.Listed.OwnedBy).ToList() is { Count: > 0 } unknown)
            {
                throw new InvalidRequestException(unknown);
            }
            try
            {
                return await RemoteAnswer.OpenAsync(server, write(server), request.Sampling.Sequences, cancellationToken);
            }
            catch (EngineBusyException busy)
            {
                last = busy; // it lives, and stays
            }
            catch (EngineFailedException failed)
            {
                last = failed;
                server.Leave(failed.Message);
            }
        }
        throw last switch
        {
            EngineBusyException busy => busy,
            _ => new EngineFailedException($"No server of {Model.Id} answers: {string.Join("; ", servers.Select(server => $"{server.Name}: {server.Trouble}"))}. Try again soon.", last),
        };
    }

    /// <summary>In turns among equals, so that a server that comes back gets its share at once.</summary>
    private RemoteServer? Next(HashSet<RemoteServer> tried)
    {
        var start = (uint)Interlocked.Increment(ref turn);
        return Enumerable.Range(0, servers.Count).Select(i => servers[(int)((start + i) % servers.Count)])
            .Where(server => server.Model is not null && !tried.Contains(server)).MinBy(server => server.Running);
    }
}
