using System.Globalization;
using System.Text;
using Kl3m.Inference.Tokenization;

namespace Kl3m.Inference.Engine;

/// <summary>What the model and the engine can take; says what is too much, and how much would fit.</summary>
internal sealed class RequestLimits(Tokenizer tokenizer, ModelInfo model, EngineOptions options)
{
    // A prompt above this can't fit into the context whatever its tokens are.
    private readonly long maxBytes = Math.Min(options.MaxPromptBytes, (long)model.ContextLength * LongestToken(tokenizer));

    /// <summary>The engine's memory for keys and values; known once the runner is there.</summary>
    public CacheRoom? Room { get; set; }

    /// <summary>The token ids to read: the prompt's, and those that were written behind it before.</summary>
    /// <exception cref="InvalidRequestException">A limit is broken; all broken ones are named that can be known without encoding.</exception>
    public int[] Check(GenerationRequest request)
    {
        var problems = CheckSettings(request).Concat(CheckPrompt(request)).ToList();
        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
        var prompt = request.PromptTokenIds is { } ids ? [.. ids] : tokenizer.Encode(request.Prompt!);
        CheckContext(request, prompt.Length + request.CompletionTokenIds.Count);
        CheckRoom(request, prompt.Length + request.CompletionTokenIds.Count);
        return [.. prompt, .. request.CompletionTokenIds];
    }

    /// <exception cref="InvalidRequestException">The text is too long to be encoded.</exception>
    public void CheckText(string field, string text)
    {
        if (Encoding.UTF8.GetByteCount(text) is var bytes && bytes > options.MaxPromptBytes)
        {
            throw new InvalidRequestException(field, $"is too long: {Number(bytes)} bytes, and at most {Number(options.MaxPromptBytes)} are taken.");
        }
    }

    /// <exception cref="InvalidRequestException">An id is outside the vocabulary.</exception>
    public void CheckTokenIds(string field, IReadOnlyList<int> ids)
    {
        if (IdProblem(field, ids) is { } problem)
        {
            throw new InvalidRequestException([problem]);
        }
    }

    private IEnumerable<Problem> CheckSettings(GenerationRequest request)
    {
        var sampling = request.Sampling;
        foreach (var problem in sampling.Validate())
        {
            yield return problem;
        }
        if (sampling.Sequences > options.MaxRunning && sampling.Sequences <= SamplingParams.MaxSequences)
        {
            yield return new(nameof(sampling.Sequences), $"must be at most {options.MaxRunning} here, not {sampling.Sequences}.");
        }
        if (IdProblem(nameof(sampling.LogitBias), sampling.LogitBias.Keys) is { } unknown)
        {
            yield return unknown;
        }
        if (request.FirstSequence < 0)
        {
            yield return new(nameof(request.FirstSequence), $"must be 0 or more, not {request.FirstSequence}.");
        }
        if (request.CompletionTokenIds.Count <= model.ContextLength && IdProblem(nameof(request.CompletionTokenIds), request.CompletionTokenIds) is { } written)
        {
            yield return written;
        }
        if (request.Alternatives is < 0 or > GenerationRequest.MaxAlternatives)
        {
            yield return new(nameof(request.Alternatives), $"must be 0 to {GenerationRequest.MaxAlternatives}, not {request.Alternatives}.");
        }
    }

    private IEnumerable<Problem> CheckPrompt(GenerationRequest request)
    {
        switch (request)
        {
            case { Prompt: not null, PromptTokenIds: not null }:
                yield return new(nameof(request.Prompt), "and PromptTokenIds exclude each other; give one of them.");
                break;
            case { Prompt: null, PromptTokenIds: null }:
                yield return new(nameof(request.Prompt), "is missing; give a text, or PromptTokenIds.");
                break;
            case { Prompt: "" }:
                yield return new(nameof(request.Prompt), "is empty; the model needs at least one token to continue.");
                break;
            case { Prompt: { } text } when text.Length > maxBytes || Encoding.UTF8.GetByteCount(text) > maxBytes:
                yield return new(nameof(request.Prompt), $"is too long: {Number(Encoding.UTF8.GetByteCount(text))} bytes, and at most {Number(maxBytes)} are taken.");
                break;
            case { PromptTokenIds: [] }:
                yield return new(nameof(request.PromptTokenIds), "is empty; the model needs at least one token to continue.");
                break;
            case { PromptTokenIds: { } ids } when ids.Count <= model.ContextLength && IdProblem(nameof(request.PromptTokenIds), ids) is { } problem:
                yield return problem;
                break;
        }
    }

    private void CheckContext(GenerationRequest request, int promptTokens)
    {
        var context = model.ContextLength;
        var maxTokens = request.Sampling.MaxTokens;
        if (promptTokens > context || (promptTokens == context && maxTokens > 0))
        {
            var field = request.Prompt is null ? nameof(request.PromptTokenIds) : nameof(request.Prompt);
            var most = maxTokens > 0 ? context - 1 : context;
            throw new InvalidRequestException(field, $"is too long: {Number(promptTokens)} tokens, and at most {Number(most)} fit into the context of {Number(context)}.");
        }
        if (maxTokens > context - promptTokens)
        {
            throw new InvalidRequestException(nameof(SamplingParams.MaxTokens),
                $"is too large: {Number(promptTokens)} prompt tokens and {Number(maxTokens)} new ones are more than the context of {Number(context)}; at most {Number(context - promptTokens)} fits.");
        }
    }

    /// <summary>What can never fit is refused now, not after a wait.</summary>
    private void CheckRoom(GenerationRequest request, int promptTokens)
    {
        if (Room is not { } room)
        {
            return;
        }
        var maxTokens = request.Sampling.MaxTokens;
        var sequences = maxTokens == 0 ? 1 : request.Sampling.Sequences;
        if (room.BlocksFor(sequences, promptTokens, promptTokens + maxTokens) <= room.Blocks)
        {
            return;
        }
        var memory = $"the engine's memory for keys and values, {Number(room.Tokens)} tokens";
        if (room.MostCapacity(sequences, promptTokens) - promptTokens is > 0 and var fits)
        {
            throw new InvalidRequestException(nameof(SamplingParams.MaxTokens),
                $"is too large: {sequences} x {Number(maxTokens)} new tokens behind {Number(promptTokens)} do not fit into {memory}; at most {Number(fits)} fits.");
        }
        if (sequences > 1 && Enumerable.Range(1, sequences - 1).LastOrDefault(fewer => room.MostCapacity(fewer, promptTokens) > promptTokens) is > 0 and var most)
        {
            throw new InvalidRequestException(nameof(SamplingParams.Sequences),
                $"must be at most {most} behind a prompt of {Number(promptTokens)} tokens, not {sequences}: more do not fit into {memory}.");
        }
        throw new InvalidRequestException(request.Prompt is null ? nameof(request.PromptTokenIds) : nameof(request.Prompt),
            $"is too long: {Number(promptTokens)} tokens do not fit into {memory}.");
    }

    private Problem? IdProblem(string field, IEnumerable<int> ids)
    {
        foreach (var id in ids)
        {
            if (id < 0 || id >= model.VocabularySize)
            {
                return new(field, $"must hold ids of 0 to {model.VocabularySize - 1}, not {id}.");
            }
        }
        return null;
    }

    private static int LongestToken(Tokenizer tokenizer) => Enumerable.Range(0, tokenizer.VocabularySize).Max(id => tokenizer.BytesOf(id).Length);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
