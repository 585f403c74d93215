namespace Kl3m.Inference.Sampling;

/// <summary>
/// The filters in the order of Hugging Face transformers 4.45 over one row of logits, recording what each did. What is left, and
/// with which probabilities, stands in <see cref="Candidates"/> until the next row.
/// </summary>
internal sealed class FilterPipeline
{
    private readonly RankedRow changed;
    private readonly float[] divided;
    private readonly int[] counts;
    private readonly List<int> banned = [];
    private readonly List<Cut> cuts = [];
    private bool isChanged;
    private bool isSettled;

    public FilterPipeline(int vocabularySize)
    {
        Raw = new(vocabularySize);
        changed = new(vocabularySize);
        divided = new float[Raw.Padded.Length];
        counts = new int[vocabularySize];
        Candidates = new(Raw.Padded.Length);
    }

    /// <summary>The model's logits.</summary>
    public RankedRow Raw { get; }

    public Candidates Candidates { get; }

    /// <summary>Of the logits: the log of the sum of exp(logit - largest logit).</summary>
    public double RawLogSum { get; private set; }

    /// <summary>Of the logits, bits.</summary>
    public double RawEntropy { get; private set; }

    public List<StageTrace> Stages { get; } = [];

    /// <summary>Where to put the distribution after each stage; null, the default, leaves that work out.</summary>
    public List<StageDistribution>? Distributions { get; set; }

    public void Load(ReadOnlySpan<float> logits)
    {
        if (logits.Length != Raw.Length)
        {
            throw new ArgumentException($"{Raw.Length} logits are needed, not {logits.Length}.", nameof(logits));
        }
        Raw.Load(logits);
        if (float.IsNaN(Raw.Max) || float.IsPositiveInfinity(Raw.Max))
        {
            throw new InvalidOperationException($"The model's logits hold {Raw.Max}: its weights or its arithmetic are broken.");
        }
        Stages.Clear();
        cuts.Clear();
        (isChanged, isSettled) = (false, true);
        Candidates.Reset(Raw, Raw.Padded, Raw.Max);
        ThrowIfNoneLeft();
        Candidates.Weigh();
        (RawLogSum, RawEntropy) = (Math.Log(Candidates.Sum), Candidates.Entropy / Math.Log(2));
        Record(SamplingStage.Raw, 0);
    }

    public void Run(SamplingParams settings, ReadOnlySpan<int> tokens, int promptLength)
    {
        if (settings.RepetitionPenalty != 1)
        {
            LogitsFilters.RepetitionPenalty(Raw.Values, Change(), tokens, settings.RepetitionPenalty);
            Record(SamplingStage.RepetitionPenalty, settings.RepetitionPenalty);
        }
        if (settings.FrequencyPenalty != 0 || settings.PresencePenalty != 0)
        {
            LogitsFilters.FrequencyPresencePenalty(Change(), tokens[promptLength..], settings.FrequencyPenalty, settings.PresencePenalty, counts);
            Record(SamplingStage.FrequencyPresencePenalty, settings.FrequencyPenalty != 0 ? settings.FrequencyPenalty : settings.PresencePenalty);
        }
        if (settings.LogitBias.Count > 0)
        {
            LogitsFilters.LogitBias(Change(), settings.LogitBias);
            Record(SamplingStage.LogitBias, settings.LogitBias.Count);
        }
        if (settings.NoRepeatNgramSize > 0)
        {
            LogitsFilters.NoRepeatNgram(tokens, settings.NoRepeatNgramSize, banned);
            Record(SamplingStage.NoRepeatNgram, settings.NoRepeatNgramSize, Ban());
        }
        Settle();
        if (settings.Temperature == 0)
        {
            Keep(SamplingStage.Temperature, 0, (0, 1));
            return;
        }
        if (settings.Temperature != 1)
        {
            Divide(settings.Temperature);
            Record(SamplingStage.Temperature, settings.Temperature);
        }
        Candidates.Weigh();
        if (settings.TopK > 0)
        {
            Keep(SamplingStage.TopK, settings.TopK, Truncation.TopK(Candidates, settings.TopK));
        }
        if (settings.TopP < 1)
        {
            Keep(SamplingStage.TopP, settings.TopP, Truncation.TopP(Candidates, settings.TopP));
        }
        if (settings.MinP > 0)
        {
            Keep(SamplingStage.MinP, settings.MinP, Truncation.MinP(Candidates, settings.MinP));
        }
        if (settings.TypicalP < 1)
        {
            Keep(SamplingStage.TypicalP, settings.TypicalP, Truncation.TypicalP(Candidates, settings.TypicalP));
        }
    }

    /// <summary>Each cut keeps a part of what the one before it kept, so the last one says it all.</summary>
    public bool IsLeft(int tokenId) =>
        !float.IsNegativeInfinity(Candidates.Scores[tokenId]) && (cuts.Count == 0 || cuts[^1].Keeps(Candidates.Order.Key(tokenId)));

    /// <summary>The first stage that removed the token; null if it is left.</summary>
    public SamplingStage? CutBy(int tokenId)
    {
        if (float.IsNegativeInfinity(Raw.Values[tokenId]))
        {
            return SamplingStage.Raw;
        }
        if (float.IsNegativeInfinity(Candidates.Scores[tokenId]))
        {
            return SamplingStage.NoRepeatNgram;
        }
        foreach (var cut in cuts)
        {
            if (!cut.Keeps(Candidates.Order.Key(tokenId)))
            {
                return cut.Stage;
            }
        }
        return null;
    }

    /// <summary>The scores, to be changed; the logits stay as they are.</summary>
    private Span<float> Change()
    {
        if (!isChanged)
        {
            Raw.Values.CopyTo(changed.Values);
            isChanged = true;
        }
        isSettled = false;
        return changed.Values;
    }

    private void Settle()
    {
        if (!isSettled)
        {
            changed.Index();
            Candidates.Reset(changed, changed.Padded, changed.Max);
            isSettled = true;
            ThrowIfNoneLeft();
        }
    }

    private double Ban()
    {
        if (banned.Count == 0)
        {
            return 1;
        }
        Settle();
        Candidates.Weigh();
        var scores = Change();
        var mass = 1.0;
        foreach (var id in banned)
        {
            mass -= float.IsNegativeInfinity(scores[id]) ? 0 : Candidates.ProbabilityOf(id);
            scores[id] = float.NegativeInfinity;
        }
        Settle();
        return Math.Max(0, mass);
    }

    private void Divide(float temperature)
    {
        var max = LogitsFilters.Temperature(Candidates.Scores, divided, Candidates.MaxScore, temperature);
        Candidates.Reset(Candidates.Order, divided, max);
        Candidates.Weigh();
    }

    private void Keep(SamplingStage stage, float parameter, (int First, int End) range)
    {
        var before = Candidates.Count;
        Candidates.Weigh();
        var mass = Candidates.Narrow(range.First, range.End);
        if (Candidates.Count < before)
        {
            var order = Candidates.Order;
            cuts.Add(new(stage, order.Key(order[range.First]), order.Key(order[range.End - 1])));
        }
        Record(stage, parameter, mass);
    }

    private void Record(SamplingStage stage, float parameter, double mass = 1)
    {
        if (Distributions is not null)
        {
            Settle();
            Candidates.Weigh();
        }
        double? entropy = isSettled && Candidates.IsWeighed ? Candidates.Entropy / Math.Log(2) : null;
        var trace = new StageTrace(stage, parameter, Candidates.Count, mass, entropy);
        Stages.Add(trace);
        Distributions?.Add(DistributionNow(trace));
    }

    private StageDistribution DistributionNow(StageTrace trace)
    {
        var ids = new int[trace.Kept];
        var probabilities = new double[trace.Kept];
        for (int rank = 0, i = 0; i < ids.Length; rank++)
        {
            var id = Raw[rank];
            if (IsLeft(id))
            {
                (ids[i], probabilities[i++]) = (id, Candidates.ProbabilityOf(id));
            }
        }
        return new(trace, ids, probabilities);
    }

    private void ThrowIfNoneLeft()
    {
        if (Candidates.Count == 0)
        {
            throw new InvalidOperationException(
                Raw.Count == 0
                    ? "The model gives no token any probability: every logit is negative infinity."
                    : $"{nameof(SamplingParams.NoRepeatNgramSize)} bans every token that the model knows; make it larger, or 0 to turn it off.");
        }
    }

    /// <summary>The keys of the first and the last token, in descending order of scores, that a stage kept.</summary>
    private readonly record struct Cut(SamplingStage Stage, ulong First, ulong Last)
    {
        public bool Keeps(ulong key) => key >= First && key <= Last;
    }
}
