using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Shared;

/// <summary>Runs made by hand, with numbers that a test can foresee.</summary>
internal static class TestRun
{
    public static readonly FakeTextGenerator Generator = new();

    public static Run New(int sequences = 1, int maxTokens = 32) =>
        new(new GenerationRequest { Prompt = "x", Sampling = new() { Sequences = sequences, MaxTokens = maxTokens } }, Generator.Model, TimeProvider.System);

    public static async Task<Run> WholeAsync(int sequences = 1, int maxTokens = 32)
    {
        var run = New(sequences, maxTokens);
        await foreach (var happened in Generator.GenerateAsync(run.Request))
        {
            run.Record(happened);
        }
        return run;
    }

    public static TokenScore Score(int id, double raw, double final, int rank = 1, params Alternative[] alternatives) => new()
    {
        TokenId = id,
        RawLogprob = (float)Math.Log(raw),
        FinalLogprob = (float)Math.Log(final),
        Rank = rank,
        Entropy = 3.15f,
        Alternatives = alternatives,
    };

    /// <summary>A token named by its bytes: the fake vocabulary's first 256 ids.</summary>
    public static TokenGenerated Letter(int position, char letter, double raw = 0.5, int rank = 1, int sequence = 0) =>
        new(sequence, position, letter.ToString(), Score(letter, raw, raw, rank), Free(raw));

    public static SamplingTrace Free(double share) => new([new(SamplingStage.Raw, 0, Generator.Model.VocabularySize, 1, 3.15)], 0.25 * share, 0, share, Generator.Model.VocabularySize);

    public static Alternative Likely(char letter, double raw, double final, SamplingStage? cutBy = null) =>
        new(letter, (float)Math.Log(raw), cutBy is null ? (float)Math.Log(final) : float.NegativeInfinity, cutBy);
}
