using System.Buffers.Binary;
using System.Security.Cryptography;
using Kl3m.Inference;
using Kl3m.Inference.Sampling;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Classroom;

/// <summary>What the model thinks of one place in a text: its own distribution over the whole vocabulary, and the token that it drew there.</summary>
internal sealed class NextToken
{
    private const int Head = 8; // bytes before the logits

    // A sum of probabilities that came as fp32 logprobs is no better than this.
    private const double Rounding = 1e-6;

    private readonly float[] logits;
    private readonly int[] rank;
    private readonly StageDistribution raw;
    private readonly double untold;
    private volatile TokenRuler ruler;
    private string? id;

    /// <param name="logits">The model's own, before any setting: one for each token of the vocabulary.</param>
    /// <param name="drawnTokenId">What was drawn from them at temperature 1.</param>
    /// <param name="told">How many of the likeliest are known, where a server tells no more and the rest is laid out evenly; 0 is all.</param>
    public NextToken(ReadOnlyMemory<float> logits, int drawnTokenId, int told = 0)
    {
        this.logits = logits.ToArray();
        (DrawnTokenId, Told) = (drawnTokenId, told);
        raw = new Sampler(logits.Length).Explain(this.logits, new SamplingParams(), [], 0).Stages[0];
        rank = new int[logits.Length];
        for (var i = 0; i < raw.TokenIds.Count; i++)
        {
            rank[raw.TokenIds[i]] = i + 1;
        }
        Entropy = told > 0 ? double.NaN : raw.Probabilities.Sum(p => p > 0 ? -p * Math.Log2(p) : 0);
        untold = told > 0 ? Untold() : 0;
        ruler = new(1, raw);
    }

    public int VocabularySize => logits.Length;

    public int DrawnTokenId { get; }

    /// <summary>How many of the likeliest tokens are known; 0 where all are.</summary>
    public int Told { get; }

    /// <summary>Bits; NaN where not all tokens are known.</summary>
    public double Entropy { get; }

    /// <summary>All possible tokens, most likely first.</summary>
    public IReadOnlyList<int> TokenIds => raw.TokenIds;

    /// <summary>A hash (SHA-256) of all that it was made from.</summary>
    public string Id => id ??= IdOf(ToBytes());

    public bool Has(int tokenId) => tokenId >= 0 && tokenId < logits.Length;

    /// <summary>
    /// A token's raw probability and rank. One that the model rules out altogether keeps a probability that has a surprisal; one that a server does
    /// not tell has none, and its rank is 0.
    /// </summary>
    public RevealedToken Find(int tokenId)
    {
        var place = rank[tokenId];
        return !Knows(tokenId) ? new(tokenId, double.NaN, 0, untold)
            : place == 0 ? new(tokenId, 1e-15, Told == 0 ? logits.Length : 0)
            : new(tokenId, Math.Max(raw.Probabilities[place - 1], 1e-15), Told == 0 || place <= Told ? place : 0);
    }

    /// <summary>Whether its number is the model's own.</summary>
    public bool Knows(int tokenId) => Told == 0 || tokenId == DrawnTokenId || (rank[tokenId] is > 0 and var place && place <= Told);

    /// <summary>No token that is not told is likelier than the last that is, nor than all that is left.</summary>
    private double Untold()
    {
        var last = Math.Min(Told, raw.Probabilities.Count) - 1;
        var left = 1 - raw.TokenIds.Zip(raw.Probabilities).Where((token, place) => place <= last || token.First == DrawnTokenId).Sum(token => (double)token.Second);
        return Math.Clamp(left, Rounding, Math.Max(Rounding, raw.Probabilities[last]));
    }

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

    /// <summary>The drawn token's id, how many are told, and the logits, little-endian.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Head + (4 * logits.Length)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, DrawnTokenId);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Told);
        for (var i = 0; i < logits.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(Head + (4 * i)), logits[i]);
        }
        return bytes;
    }

    /// <summary>What <see cref="ToBytes"/> wrote; null for anything but the one with this id.</summary>
    public static NextToken? FromBytes(ReadOnlySpan<byte> bytes, string id)
    {
        if (bytes.Length <= Head || bytes.Length % 4 != 0 || IdOf(bytes) != id)
        {
            return null;
        }
        var logits = new float[(bytes.Length - Head) / 4];
        for (var i = 0; i < logits.Length; i++)
        {
            logits[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(Head + (4 * i))..]);
        }
        return new(logits, BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
    }

    private static string IdOf(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    /// <exception cref="InvalidRequestException">The place does not fit into the model's context.</exception>
    /// <exception cref="EngineBusyException">The engine's line is full.</exception>
    /// <exception cref="EngineFailedException">The engine failed, or this model does not tell its whole distribution.</exception>
    public static async Task<NextToken> AskAsync(ITextGenerator generator, TextPlace place, string user, CancellationToken cancellationToken = default)
    {
        var request = Request(place, user);
        if (generator.Model.TopOnly is not null)
        {
            return await ToldTokens.AskAsync(generator, request, cancellationToken) is { } told && float.IsFinite(told.DrawnLogprob)
                ? new(told.Row(generator.Model.VocabularySize), told.DrawnTokenId, told.Likeliest.Count)
                : throw new EngineFailedException("The model's server told nothing of this place. Ask again, or behind other words.");
        }
        await foreach (var happened in generator.GenerateAsync(request with { KeepLogits = true }, cancellationToken))
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

    /// <summary>The raw probability of each of some tokens at a place, where a server tells the likeliest by itself; without those that it does not tell.</summary>
    /// <exception cref="EngineBusyException">The line is full.</exception>
    public static async Task<IReadOnlyDictionary<int, double>> AskForAsync(ITextGenerator generator, TextPlace place, IReadOnlyCollection<int> tokenIds, string user, CancellationToken cancellationToken = default)
    {
        var logprobs = await Task.WhenAll(tokenIds.Select(async id => (Id: id, Logprob: await AskForAsync(id))));
        return logprobs.Where(told => !float.IsNaN(told.Logprob)).ToDictionary(told => told.Id, told => Math.Max(Math.Exp(told.Logprob), 1e-15));

        // One answer that a server cannot name, half a character say, keeps no curtain closed.
        async Task<float> AskForAsync(int id)
        {
            try
            {
                return await ToldTokens.LogprobAsync(generator, Request(place, user), id, cancellationToken);
            }
            catch (EngineFailedException)
            {
                return float.NaN;
            }
        }
    }

    private static GenerationRequest Request(TextPlace place, string user) => new()
    {
        PromptTokenIds = place.PromptTokenIds,
        CompletionTokenIds = place.CompletionTokenIds,
        Alternatives = 0,
        User = user,
        Priority = Seat.Teachers,
        Sampling = new() { MaxTokens = 1, Sequences = 1 },
    };
}
