namespace Kl3m.Inference;

/// <summary>The sampler's stages, in the order in which it applies them.</summary>
public enum SamplingStage
{
    Raw,
    RepetitionPenalty,
    FrequencyPresencePenalty,
    LogitBias,
    NoRepeatNgram,
    Temperature,
    TopK,
    TopP,
    MinP,
    TypicalP,
}

/// <summary>What one draw did, recorded by the code that drew.</summary>
/// <param name="Stages">Raw first, then only the stages that were on.</param>
/// <param name="U">The dart, in [0, 1); null for greedy, which draws nothing.</param>
/// <param name="Low">Where the chosen token's segment starts on the ruler: final probabilities laid end to end in raw-rank order.</param>
/// <param name="High">Where it ends; Low &lt;= U &lt; High.</param>
/// <param name="Kept">Tokens that were left to draw from.</param>
public sealed record SamplingTrace(IReadOnlyList<StageTrace> Stages, double? U, double Low, double High, int Kept);

/// <param name="Parameter">
/// The setting. Frequency and presence penalty are one stage, which shows the frequency penalty unless that is 0;
/// logit bias shows how many tokens it names; greedy is a temperature of 0 that keeps one token.
/// </param>
/// <param name="Kept">Tokens left after the stage.</param>
/// <param name="Mass">Share of the stage's input distribution that those tokens had, 0 to 1; 1 for stages that cut nothing.</param>
/// <param name="Entropy">Of the distribution after the stage, bits; null where only a full trace computes it.</param>
public readonly record struct StageTrace(SamplingStage Stage, float Parameter, int Kept, double Mass, double? Entropy);
