using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared;

/// <summary>The knobs of the playground for a model of a given vocabulary and context.</summary>
public sealed class Settings
{
    public Settings(int vocabularySize, int contextLength)
    {
        TopK = new()
        {
            Field = nameof(SamplingParams.TopK),
            Label = "Top-k",
            Sentence = "Keeps only the k most likely tokens. 0 is off.",
            Scale = Scale.DecadesThenOff(vocabularySize),
            Zones = [new(1, "greedy"), new(10, "usual"), new(200, "wide"), new(0, "off")],
            Neutral = 0,
            Allowed = (0, int.MaxValue),
            Get = sampling => sampling.TopK,
            With = (sampling, value) => sampling with { TopK = Whole(value) },
        };
        MaxTokens = new()
        {
            Field = nameof(SamplingParams.MaxTokens),
            Label = "Max tokens",
            Sentence = "Stops each continuation here. A word is about two tokens.",
            Scale = Scale.Octaves(contextLength),
            Zones = [new(1, "sentence"), new(64, "paragraph"), new(512, "page")],
            Neutral = 32,
            Allowed = (0, contextLength),
            Get = sampling => sampling.MaxTokens,
            With = (sampling, value) => sampling with { MaxTokens = Whole(value) },
        };
        Main = [Temperature, TopP, TopK, MaxTokens, Sequences];
    }

    /// <summary>Those always in sight.</summary>
    public IReadOnlyList<Setting> Main { get; }

    /// <summary>Those behind "Advanced".</summary>
    public IReadOnlyList<Setting> Advanced { get; } = [MinP, TypicalP, RepetitionPenalty, FrequencyPenalty, PresencePenalty, NoRepeatNgramSize];

    public Setting TopK { get; }

    public Setting MaxTokens { get; }

    public static Setting Temperature { get; } = new()
    {
        Field = nameof(SamplingParams.Temperature),
        Label = "Temperature",
        Sentence = "Divides every score: low sharpens, high flattens. 0 always takes the top token.",
        Scale = Scale.Linear(0, 2, 0.05),
        Zones = [new(0, "steady"), new(0.4, "usual"), new(1.05, "loose"), new(1.45, "wild")],
        Neutral = 1,
        Allowed = (0, SamplingParams.MaxTemperature),
        Decimals = 2,
        Get = sampling => Shown(sampling.Temperature),
        With = (sampling, value) => sampling with { Temperature = (float)value },
    };

    public static Setting TopP { get; } = new()
    {
        Field = nameof(SamplingParams.TopP),
        Label = "Top-p",
        Sentence = "Keeps the fewest tokens whose shares reach p. 1 is off.",
        Scale = Scale.Linear(0, 1, 0.01),
        Zones = [new(0, "narrow"), new(0.5, "usual"), new(1, "off")],
        Neutral = 1,
        Allowed = (0, 1),
        Decimals = 2,
        Get = sampling => Shown(sampling.TopP),
        With = (sampling, value) => sampling with { TopP = (float)value },
    };

    public static Setting Sequences { get; } = new()
    {
        Field = nameof(SamplingParams.Sequences),
        Label = "Continuations",
        Sentence = "Independent draws from one shared prompt.",
        Scale = Scale.Linear(1, 8, 1),
        Zones = [new(1, "side by side"), new(4, "stacked")],
        Neutral = 3,
        Allowed = (1, SamplingParams.MaxSequences),
        Get = sampling => sampling.Sequences,
        With = (sampling, value) => sampling with { Sequences = Whole(value) },
    };

    public static Setting MinP { get; } = new()
    {
        Field = nameof(SamplingParams.MinP),
        Label = "Min-p",
        Sentence = "Drops tokens less likely than this share of the top one. 0 is off.",
        Scale = Scale.Linear(0, 0.5, 0.01),
        Zones = [new(0, "off"), new(0.01, "usual"), new(0.2, "strict")],
        Neutral = 0,
        Allowed = (0, 1),
        Decimals = 2,
        Get = sampling => Shown(sampling.MinP),
        With = (sampling, value) => sampling with { MinP = (float)value },
    };

    public static Setting TypicalP { get; } = new()
    {
        Field = nameof(SamplingParams.TypicalP),
        Label = "Typical-p",
        Sentence = "Keeps the tokens about as surprising as the model expects here. 1 is off.",
        Scale = Scale.Linear(0.05, 1, 0.01),
        Zones = [new(0.05, "narrow"), new(0.5, "usual"), new(1, "off")],
        Neutral = 1,
        Allowed = (0.01, 1),
        Decimals = 2,
        Get = sampling => Shown(sampling.TypicalP),
        With = (sampling, value) => sampling with { TypicalP = (float)value },
    };

    public static Setting RepetitionPenalty { get; } = new()
    {
        Field = nameof(SamplingParams.RepetitionPenalty),
        Label = "Repetition penalty",
        Sentence = "Makes tokens of prompt and text less likely to come again. 1 is off.",
        Scale = Scale.Linear(1, 2, 0.01),
        Zones = [new(1, "off"), new(1.01, "usual"), new(1.3, "strong")],
        Neutral = 1,
        Allowed = (0.01, 100),
        Decimals = 2,
        Get = sampling => Shown(sampling.RepetitionPenalty),
        With = (sampling, value) => sampling with { RepetitionPenalty = (float)value },
    };

    public static Setting FrequencyPenalty { get; } = new()
    {
        Field = nameof(SamplingParams.FrequencyPenalty),
        Label = "Frequency penalty",
        Sentence = "Taken off a token's score each time the text has used it. 0 is off.",
        Scale = Scale.Linear(-2, 2, 0.1),
        Zones = [new(-2, "repeat"), new(0, "off"), new(0.1, "vary")],
        Neutral = 0,
        Allowed = (-2, 2),
        Decimals = 2,
        Get = sampling => Shown(sampling.FrequencyPenalty),
        With = (sampling, value) => sampling with { FrequencyPenalty = (float)value },
    };

    public static Setting PresencePenalty { get; } = new()
    {
        Field = nameof(SamplingParams.PresencePenalty),
        Label = "Presence penalty",
        Sentence = "Taken off a token's score once the text has used it. 0 is off.",
        Scale = Scale.Linear(-2, 2, 0.1),
        Zones = [new(-2, "repeat"), new(0, "off"), new(0.1, "vary")],
        Neutral = 0,
        Allowed = (-2, 2),
        Decimals = 2,
        Get = sampling => Shown(sampling.PresencePenalty),
        With = (sampling, value) => sampling with { PresencePenalty = (float)value },
    };

    public static Setting NoRepeatNgramSize { get; } = new()
    {
        Field = nameof(SamplingParams.NoRepeatNgramSize),
        Label = "No-repeat n-gram",
        Sentence = "No n tokens in a row come twice. 0 is off.",
        Scale = Scale.Linear(0, 20, 1),
        Zones = [new(0, "off"), new(1, "harsh"), new(6, "usual")],
        Neutral = 0,
        Allowed = (0, int.MaxValue),
        Get = sampling => sampling.NoRepeatNgramSize,
        With = (sampling, value) => sampling with { NoRepeatNgramSize = Whole(value) },
    };

    /// <summary>The model's own distribution: everything off but length, number of sequences and seed.</summary>
    public static SamplingParams Neutralise(SamplingParams sampling) =>
        new() { MaxTokens = sampling.MaxTokens, Sequences = sampling.Sequences, Seed = sampling.Seed };

    private static int Whole(double value) => (int)Math.Clamp(Math.Round(value), int.MinValue, int.MaxValue);

    // 0.7f is 0.699999988 as a double: what is shown and compared is the decimal that was typed.
    private static double Shown(float value) => (double)(decimal)Math.Clamp(value, -1e6f, 1e6f);
}
