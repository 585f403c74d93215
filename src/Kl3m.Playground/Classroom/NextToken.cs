using System.Buffers.Binary;
using System.Security.Cryptography;
using Kl3m.Inference;
using Kl3m.Inference.Sampling;

namespace Kl3m.Playground.Classroom;

/// <summary>What the model thinks of one place in a text: its own distribution over the whole vocabulary, and the token that it drew there.</summary>
internal sealed class NextToken
{
    private readonly float[] logits;
    private readonly int[] rank;
    private readonly StageDistribution raw;
    private volatile TokenRuler ruler;
    private string? id;

    /// <param name="logits">The model's own, before any setting: one for each token of the vocabulary.</param>
    /// <param name="drawnTokenId">What was drawn from them at temperature 1.</param>
    public NextToken(ReadOnlyMemory<float> logits, int drawnTokenId)
    {
        this.logits = logits.ToArray();
        DrawnTokenId = drawnTokenId;
        raw = new Sampler(logits.Length).Explain(this.logits, new SamplingParams(), [], 0).Stages[0];
        rank = new int[logits.Length];
        for (var i = 0; i < raw.TokenIds.Count; i++)
        {
            rank[raw.TokenIds[i]] = i + 1;
        }
        Entropy = raw.Probabilities.Sum(p => p > 0 ? -p * Math.Log2(p) : 0);
        ruler = new(1, raw);
    }

    public int VocabularySize => logits.Length;

    public int DrawnTokenId { get; }

    /// <summary>Bits.</summary>
    public double Entropy { get; }

    /// <summary>All possible tokens, most likely first.</summary>
    public IReadOnlyList<int> TokenIds => raw.TokenIds;

    /// <summary>A hash (SHA-256) of all that it was made from.</summary>
    public string Id => id ??= IdOf(ToBytes());

    public bool Has(int tokenId) => tokenId >= 0 && tokenId < logits.Length;

    /// <summary>A token's raw probability and rank. One that the model rules out altogether keeps a probability that has a surprisal.</summary>
    public RevealedToken Find(int tokenId) =>
        rank[tokenId] is > 0 and var place ? new(tokenId, Math.Max(raw.Probabilities[place - 1], 1e-15), place) : new(tokenId, 1e-15, logits.Length);

    /// <summary>The distribution at a temperature. The last one is kept: a whole class looks at the same.</summary>
    public TokenRuler At(float temperature)
    {
        var now = ruler;
        if (now.Temperature != temperature)
        {
            var stages = new Sampler(logits.Length).Explain(logits, new SamplingParams { Temperature = temperature }, [], 0).Stages;
            ruler = now = new(temperature, stages[^1]);
        }
        return now;
    }

    /// <summary>The drawn token's id and the logits, little-endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[4 + (4 * logits.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, DrawnTokenId);
        for (var i = 0; i < logits.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 + (4 * i)), logits[i]);
        }
        return bytes;
    }

    /// <summary>What <see cref="ToBytes"/> wrote; null for anything but the one with this id.</summary>
    public static NextToken? FromBytes(ReadOnlySpan<byte> bytes, string id)
    {
        if (bytes.Length < 8 || bytes.Length % 4 != 0 || IdOf(bytes) != id)
        {
            return null;
        }
        var logits = new float[(bytes.Length - 4) / 4];
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 + (4 * i))..]);
        }
        return new(logits, BinaryPrimitives.ReadInt32LittleEndian(bytes));
    }

    private static string IdOf(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    /// <exception cref="InvalidRequestException">The place does not fit into the model's context.</exception>
    /// <exception cref="EngineBusyException">The engine's line is full.</exception>
    /// <exception cref="EngineFailedException">The engine failed, or this model does not tell its whole distribution.</exception>
    public static async Task<NextToken> AskAsync(ITextGenerator generator, TextPlace place, string user, CancellationToken cancellationToken = default)
    {
        var request = new GenerationRequest
        {
            PromptTokenIds = place.PromptTokenIds,
            CompletionTokenIds = place.CompletionTokenIds,
            KeepLogits = true,
            Alternatives = 0,
            User = user,
            Priority = Seat.Teachers,
            Sampling = new() { MaxTokens = 1, Sequences = 1 },
        };
        await foreach (var happened in generator.GenerateAsync(request, cancellationToken))
        {
            if (happened is TokenGenerated token)
            {
                return token.Logits is { } logits
                    ? new(logits, token.Score.TokenId)
                    : throw new EngineFailedException("This model does not tell its whole distribution; questions and the sampler game need it.");
            }
        }
        throw new EngineFailedException("The model wrote nothing here.");
    }
}
