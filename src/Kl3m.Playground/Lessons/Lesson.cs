using System.Text.Json;
using System.Text.Json.Serialization;
using Kl3m.Inference;

namespace Kl3m.Playground.Lessons;

/// <summary>A lesson as its file has it. README.md in the lessons' folder says what each field means; names are in snake_case there.</summary>
public sealed record Lesson
{
    /// <summary>The file's name without <c>.json</c>.</summary>
    [JsonIgnore]
    public string Id { get; init; } = "";

    public required string Title { get; init; }

    /// <summary>One sentence for the list.</summary>
    public required string Summary { get; init; }

    public required int Minutes { get; init; }

    public required IReadOnlyList<LessonStep> Steps { get; init; }
}

public sealed record LessonStep
{
    public required string Title { get; init; }

    /// <summary>Markdown, a paragraph or line for each entry.</summary>
    public required IReadOnlyList<string> Text { get; init; }

    /// <summary>What is put into the prompt; null leaves it as it is.</summary>
    public string? Prompt { get; init; }

    /// <summary>What is set; what is not named goes to its neutral value. Null leaves the settings as they are.</summary>
    public LessonSettings? Settings { get; init; }

    /// <summary>What to look at: see <see cref="LessonRules.Highlights"/>.</summary>
    public string? Highlight { get; init; }

    /// <summary>Texts to be scored, in place of the playground.</summary>
    public IReadOnlyList<string>? Score { get; init; }

    /// <summary>A receipt in the folder <c>receipts</c> beside the lesson: a run that can be looked at when the engine is busy or gone.</summary>
    public string? Prepared { get; init; }

    /// <summary>What to do, in one or two sentences.</summary>
    public string? Task { get; init; }

    /// <summary>How the page knows that it was done.</summary>
    public Check? Check { get; init; }

    /// <summary>Shown on demand.</summary>
    public string? Hint { get; init; }

    [JsonIgnore]
    public string Markdown => string.Join("\n\n", Text);
}

/// <summary>Sampling as a lesson sets it; see <see cref="SamplingParams"/>.</summary>
public sealed record LessonSettings
{
    public float Temperature { get; init; } = 1;
    public int TopK { get; init; }
    public float TopP { get; init; } = 1;
    public float MinP { get; init; }
    public float TypicalP { get; init; } = 1;
    public float RepetitionPenalty { get; init; } = 1;
    public float FrequencyPenalty { get; init; }
    public float PresencePenalty { get; init; }
    public int NoRepeatNgramSize { get; init; }
    public int MaxTokens { get; init; } = 32;
    public int Sequences { get; init; } = 1;

    /// <summary>Null: a new one for each run.</summary>
    public ulong? Seed { get; init; }

    public SamplingParams ToSampling() => new()
    {
        Temperature = Temperature, TopK = TopK, TopP = TopP, MinP = MinP, TypicalP = TypicalP, RepetitionPenalty = RepetitionPenalty,
        FrequencyPenalty = FrequencyPenalty, PresencePenalty = PresencePenalty, NoRepeatNgramSize = NoRepeatNgramSize,
        MaxTokens = MaxTokens, Sequences = Sequences, Seed = Seed,
    };
}

/// <summary>How a step is passed.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(MeasureCheck), "measure")]
[JsonDerivedType(typeof(AnswerCheck), "answer")]
[JsonDerivedType(typeof(NumberCheck), "number")]
public abstract record Check;

/// <summary>By what was done on the page: every bound holds.</summary>
public sealed record MeasureCheck(IReadOnlyList<Bound> All) : Check;

/// <summary>One of several answers is right.</summary>
/// <param name="Right">Its place among the options, from 0.</param>
/// <param name="Because">Said when it was found.</param>
public sealed record AnswerCheck(string Question, IReadOnlyList<string> Options, int Right, string? Because = null) : Check;

/// <summary>A number read off the page.</summary>
/// <param name="Within">How far off is still right.</param>
public sealed record NumberCheck(string Question, double Right, double Within = 0, string? Because = null) : Check;

/// <summary>A measure and where it must lie.</summary>
/// <param name="Of">One of <see cref="Bench.Names"/>.</param>
public sealed record Bound(string Of, double? AtLeast = null, double? AtMost = null)
{
    public bool Holds(double value) => !(value < AtLeast) && !(value > AtMost) && !double.IsNaN(value);
}

/// <summary>How lesson files are read.</summary>
internal static class LessonJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowOutOfOrderMetadataProperties = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
    };
}
