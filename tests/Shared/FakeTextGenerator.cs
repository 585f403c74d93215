using System.Runtime.CompilerServices;
using System.Text;
using Kl3m.Inference;

namespace Kl3m.Tests.Shared;

/// <summary>
/// A text generator without a model: bytes are tokens 0 to 255, after them come <c>&lt;|end|&gt;</c> (256) and some words. What it writes
/// follows from seed, sequence and position, so that runs repeat; its numbers are made up, but consistent with each other.
/// </summary>
internal sealed class FakeTextGenerator(TimeSpan delayPerStep = default) : ITextGenerator
{
    private static readonly string[] Words =
        ["The ", "Agreement ", "shall ", "be ", "governed ", "by ", "the ", "laws ", "of ", "Delaware", ", ", "without ", "regard ", "to ", "conflicts ", "\n\n", "é "];

    private static readonly byte[][] Vocabulary =
        [.. Enumerable.Range(0, 256).Select(b => new[] { (byte)b }), "<|end|>"u8.ToArray(), .. Words.Select(Encoding.UTF8.GetBytes)];

    public const int End = 256;

    public ModelInfo Model { get; init; } = new()
    {
        Id = "fake",
        ContextLength = 1024,
        VocabularySize = Vocabulary.Length,
        EndTokenIds = [End],
        ParameterCount = 1_000_000,
        Dtype = "fp32",
        Device = "cpu",
        Card = "---\nlicense: cc-by-4.0\n---\n# Fake\n\nA model for tests.",
    };

    /// <summary>Thrown after this many steps, to see what a failing engine looks like.</summary>
    public (int Step, Exception Exception)? FailAt { get; init; }

    public async IAsyncEnumerable<GenerationEvent> GenerateAsync(GenerationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var problems = request.Sampling.Validate().ToList();
        var prompt = request.PromptTokenIds ?? [.. (await TokenizeAsync(request.Prompt ?? "", cancellationToken)).Select(span => span.TokenId)];
        if (prompt.Count == 0)
        {
            problems.Add(new(nameof(GenerationRequest.Prompt), "is empty."));
        }
        if (prompt.Count + request.Sampling.MaxTokens > Model.ContextLength)
        {
            problems.Add(new(nameof(SamplingParams.MaxTokens), $"is too large: {prompt.Count} prompt + {request.Sampling.MaxTokens} is more than the context of {Model.ContextLength}."));
        }
        if (problems.Count > 0)
        {
            throw new InvalidRequestException(problems);
        }
        var seed = request.Sampling.Seed ?? 7;
        yield return new GenerationStarted(prompt, seed);
        yield return new PromptProgress(prompt.Count, prompt.Count);
        if (request.ScorePrompt)
        {
            yield return new PromptScored([.. prompt.Select((id, i) => i == 0 ? null : Draw(seed, -1, i, id, request).Score)]);
        }
        var written = 0;
        for (var step = 0; step < request.Sampling.MaxTokens; step++)
        {
            if (FailAt is { } fail && fail.Step == step)
            {
                throw fail.Exception;
            }
            await Task.Delay(delayPerStep, cancellationToken);
            for (var sequence = 0; sequence < request.Sampling.Sequences; sequence++)
            {
                written++;
                var token = Draw(seed, request.FirstSequence + sequence, request.CompletionTokenIds.Count + step, null, request);
                yield return token with { SequenceIndex = sequence };
            }
        }
        for (var sequence = 0; sequence < request.Sampling.Sequences; sequence++)
        {
            yield return new SequenceFinished(sequence, FinishReason.Length);
        }
        yield return new GenerationFinished(new(prompt.Count, written), new(TimeSpan.Zero, TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(5 + written)));
    }

    public ValueTask<IReadOnlyList<TokenSpan>> TokenizeAsync(string text, CancellationToken cancellationToken = default)
    {
        var spans = new List<TokenSpan>();
        for (var i = 0; i < text.Length;)
        {
            var rune = Rune.TryGetRuneAt(text, i, out var found) ? found : Rune.ReplacementChar;
            spans.AddRange(Encoding.UTF8.GetBytes(rune.ToString()).Select(b => new TokenSpan(b, i, i + rune.Utf16SequenceLength)));
            i += rune == Rune.ReplacementChar ? 1 : rune.Utf16SequenceLength;
        }
        return ValueTask.FromResult<IReadOnlyList<TokenSpan>>(spans);
    }

    public ValueTask<string> DetokenizeAsync(IReadOnlyList<int> tokenIds, bool skipSpecialTokens = false, CancellationToken cancellationToken = default)
    {
        if (tokenIds.Any(id => id < 0 || id >= Vocabulary.Length))
        {
            throw new InvalidRequestException("TokenIds", $"must be 0 to {Vocabulary.Length - 1}.");
        }
        return ValueTask.FromResult(Encoding.UTF8.GetString([.. tokenIds.Where(id => !skipSpecialTokens || id != End).SelectMany(id => Vocabulary[id])]));
    }

    public VocabularyEntry Describe(int tokenId) => new(tokenId, Vocabulary[tokenId], tokenId == End);

    private static TokenGenerated Draw(ulong seed, int sequence, int position, int? forced, GenerationRequest request)
    {
        // Eleven likely words with falling probabilities, the rest of the vocabulary shares what is left; a hash is the dart.
        var u = (double)((((seed + 1) * 0x9E3779B97F4A7C15UL) ^ ((ulong)(sequence + 2) * 0xBF58476D1CE4E5B9UL) ^ ((ulong)(position + 1) * 0x94D049BB133111EBUL)) >> 11) / (1UL << 53);
        var likely = Enumerable.Range(0, Words.Length).Select(i => 257 + (i + position + sequence) % Words.Length).ToArray();
        double Share(int rank) => 0.5 * Math.Pow(0.5, rank);
        float[] Logits()
        {
            var rest = Enumerable.Range(0, likely.Length).Aggregate(1.0, (left, i) => left - Share(i)) / (Vocabulary.Length - likely.Length);
            return [.. Enumerable.Range(0, Vocabulary.Length).Select(token => Array.IndexOf(likely, token) is >= 0 and var i ? Log(Share(i)) : Log(rest))];
        }
        var rank = 0;
        var low = 0.0;
        while (rank < likely.Length - 1 && low + Share(rank) <= u)
        {
            low += Share(rank++);
        }
        var id = forced ?? likely[rank];
        float Log(double p) => (float)Math.Log(p);
        var alternatives = likely.Take(Math.Min(request.Alternatives, likely.Length))
            .Select((token, i) => new Alternative(token, Log(Share(i)), i < 8 ? Log(Share(i) / 0.996) : float.NegativeInfinity, i < 8 ? null : SamplingStage.TopP)).ToArray();
        var score = new TokenScore { TokenId = id, RawLogprob = Log(Share(rank)), FinalLogprob = Log(Share(rank)), Rank = rank + 1, Entropy = 2, Alternatives = alternatives };
        StageTrace[] stages = [new(SamplingStage.Raw, 0, Vocabulary.Length, 1, 2), new(SamplingStage.TopP, 0.996f, 8, 0.996, 1.9)];
        return new TokenGenerated(sequence, position, Encoding.UTF8.GetString(Vocabulary[id]), score, new(stages, u, low, low + Share(rank), 8))
        {
            Logits = request.KeepLogits ? Logits() : null,
        };
    }
}
