using Kl3m.Inference;

namespace Kl3m.Playground.Components.Pages.Compare;

/// <summary>Columns that differ in one setting, step by step.</summary>
internal sealed record Ladder(string Name, string Sentence, Func<SamplingParams, IReadOnlyList<SamplingParams>> Climb)
{
    public static IReadOnlyList<Ladder> All { get; } =
    [
        new("Temperature ladder", "Greedy, 0.3, 0.7 and 1.2: from always the top token to almost anything.", first => [.. Steps([0f, 0.3f, 0.7f, 1.2f], value => first with { Temperature = value })]),
        new("Top-p ladder", "0.5, 0.8, 0.95 and off at temperature 1: how much of the tail may speak.", first => [.. Steps([0.5f, 0.8f, 0.95f, 1f], value => first with { Temperature = 1, TopK = 0, TopP = value })]),
        new("Top-k ladder", "1, 5, 50 and off at temperature 1: how many tokens may speak.", first => [.. Steps([1f, 5f, 50f, 0f], value => first with { Temperature = 1, TopP = 1, TopK = (int)value })]),
        new("Twins", "Two columns alike: with the same dice they write the same.", first => [first, first]),
    ];

    private static IEnumerable<SamplingParams> Steps(float[] values, Func<float, SamplingParams> with) => values.Select(with);
}
