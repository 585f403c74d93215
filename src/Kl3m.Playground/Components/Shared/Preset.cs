using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared;

/// <summary>A prompt and the settings that go with it; the rest of the settings stay as they are.</summary>
internal sealed record Preset(string Name, string Prompt, float Temperature)
{
    /// <summary>
    /// The first three are the examples of the KL3M model cards, with the settings used there; first the one that also a small model goes on
    /// from well. A space at a prompt's end is a token that changes what follows: only the card's own example has one.
    /// </summary>
    public static IReadOnlyList<Preset> All { get; } =
    [
        new("Under this", "Under this", 0.5f),
        new("Governing Law", "Governing Law. ", 0.5f),
        new("Medical devices", "Medical devices are regulated by", 0.3f),
        new("The term", "The term", 0.5f),
        new("Notwithstanding", "Notwithstanding any other provision of law,", 0.5f),
    ];

    public SamplingParams Apply(SamplingParams sampling) => sampling with { Temperature = Temperature, Sequences = 3, MaxTokens = 32 };

    /// <summary>Whether prompt and settings still are those of the preset.</summary>
    public bool Fits(string prompt, SamplingParams sampling) => prompt == Prompt && Apply(sampling) == sampling;
}
