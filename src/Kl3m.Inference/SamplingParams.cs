namespace Kl3m.Inference;

/// <summary>
/// How tokens are chosen, in the order in which the sampler applies it (that of Hugging Face transformers 4.45):
/// repetition penalty, frequency and presence penalties, logit bias, no-repeat n-gram, temperature, top-k, top-p, min-p, typical-p.
/// The defaults change nothing: the model's own distribution.
/// </summary>
public sealed record SamplingParams
{
    /// <summary>Most tokens to write per sequence; 0 only scores the prompt.</summary>
    public int MaxTokens { get; init; } = 32;

    /// <summary>How many sequences to write from the one prompt.</summary>
    public int Sequences { get; init; } = 1;

    /// <summary>Divides the scores; 0 is greedy: always the most likely token.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Keeps the k most likely tokens (ties with the k-th too); 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the fewest tokens whose probabilities reach p; 1 is off.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Drops tokens less likely than this share of the most likely one; 0 is off.</summary>
    public float MinP { get; init; }

    /// <summary>Keeps the tokens whose surprisal is nearest to the entropy, up to this mass; 1 is off.</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Makes tokens of prompt and completion less likely (above 1) or more (below 1); 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Taken off a token's score for each time that the completion has it.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Taken off a token's score once the completion has it.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>No n tokens in a row occur twice in prompt and completion; 0 is off.</summary>
    public int NoRepeatNgramSize { get; init; }

    /// <summary>Added to the scores of tokens, by id.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = EmptyBias;

    /// <summary>Dice: the same seed, prompt and settings give the same text. Null takes a new one, reported in <see cref="GenerationStarted"/>.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Texts that end a sequence when they appear in it; they are not part of the text.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>End a sequence at <see cref="ModelInfo.EndTokenIds"/>.</summary>
    public bool StopAtEnd { get; init; } = true;

    public const int MaxSequences = 64;
    public const int MaxStops = 16;
    public const int MaxStopLength = 1024;
    public const float MaxTemperature = 100;

    private static readonly IReadOnlyDictionary<int, float> EmptyBias = new Dictionary<int, float>();

    /// <summary>Each setting outside its range, by its own name; empty when all are well.</summary>
    public IEnumerable<Problem> Validate()
    {
        if (MaxTokens < 0)
        {
            yield return new(nameof(MaxTokens), $"must be 0 or more, not {MaxTokens}.");
        }
        if (Sequences is < 1 or > MaxSequences)
        {
            yield return new(nameof(Sequences), $"must be 1 to {MaxSequences}, not {Sequences}.");
        }
        if (!(Temperature is >= 0 and <= MaxTemperature))
        {
            yield return new(nameof(Temperature), $"must be 0 (greedy) to {MaxTemperature}, not {Temperature}.");
        }
        if (TopK < 0)
        {
            yield return new(nameof(TopK), $"must be 0 (off) or more, not {TopK}.");
        }
        if (!(TopP is >= 0 and <= 1))
        {
            yield return new(nameof(TopP), $"must be 0 to 1 (off), not {TopP}.");
        }
        if (!(MinP is >= 0 and <= 1))
        {
            yield return new(nameof(MinP), $"must be 0 (off) to 1, not {MinP}.");
        }
        if (!(TypicalP is > 0 and <= 1))
        {
            yield return new(nameof(TypicalP), $"must be above 0 and at most 1 (off), not {TypicalP}.");
        }
        if (!(RepetitionPenalty > 0 && float.IsFinite(RepetitionPenalty)))
        {
            yield return new(nameof(RepetitionPenalty), $"must be above 0 (1 is off), not {RepetitionPenalty}.");
        }
        if (!(FrequencyPenalty is >= -2 and <= 2))
        {
            yield return new(nameof(FrequencyPenalty), $"must be -2 to 2 (0 is off), not {FrequencyPenalty}.");
        }
        if (!(PresencePenalty is >= -2 and <= 2))
        {
            yield return new(nameof(PresencePenalty), $"must be -2 to 2 (0 is off), not {PresencePenalty}.");
        }
        if (NoRepeatNgramSize < 0)
        {
            yield return new(nameof(NoRepeatNgramSize), $"must be 0 (off) or more, not {NoRepeatNgramSize}.");
        }
        foreach (var (id, bias) in LogitBias)
        {
            if (!(bias is >= -100 and <= 100))
            {
                yield return new(nameof(LogitBias), $"must be -100 to 100 for each token, not {bias} for token {id}.");
                break;
            }
        }
        if (Stop.Count > MaxStops)
        {
            yield return new(nameof(Stop), $"may hold at most {MaxStops} texts, not {Stop.Count}.");
        }
        if (Stop.Any(string.IsNullOrEmpty))
        {
            yield return new(nameof(Stop), "may not hold an empty text.");
        }
        if (Stop.Any(stop => stop?.Length > MaxStopLength))
        {
            yield return new(nameof(Stop), $"may hold texts of at most {MaxStopLength} characters.");
        }
    }
}
