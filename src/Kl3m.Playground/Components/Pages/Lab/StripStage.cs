using Kl3m.Inference;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>The strip's columns, in the order in which the sampler works.</summary>
public enum StripStage
{
    Raw,

    /// <summary>Repetition, frequency and presence penalties, logit bias, no repeated n-grams.</summary>
    Penalties,
    Temperature,
    TopK,
    TopP,
    MinP,
    TypicalP,
}

internal static class StripStages
{
    public static IReadOnlyList<StripStage> All { get; } = Enum.GetValues<StripStage>();

    public static StripStage Of(SamplingStage stage) => stage switch
    {
        SamplingStage.Raw => StripStage.Raw,
        SamplingStage.Temperature => StripStage.Temperature,
        SamplingStage.TopK => StripStage.TopK,
        SamplingStage.TopP => StripStage.TopP,
        SamplingStage.MinP => StripStage.MinP,
        SamplingStage.TypicalP => StripStage.TypicalP,
        _ => StripStage.Penalties,
    };

    public static string Name(this StripStage stage) => stage switch
    {
        StripStage.Raw => "Raw",
        StripStage.Penalties => "Penalties, bias",
        StripStage.Temperature => "Temperature",
        StripStage.TopK => "Top-k",
        StripStage.TopP => "Top-p",
        StripStage.MinP => "Min-p",
        _ => "Typical-p",
    };
}
