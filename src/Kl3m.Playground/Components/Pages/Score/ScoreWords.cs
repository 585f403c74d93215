using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>What the Score page says in sentences.</summary>
internal static class ScoreWords
{
    public const string NotTrue = "How expected by this model, not how true, how good or how lawful. A rare word can be right; a smooth one can be wrong.";

    /// <summary>What went wrong, and what helps.</summary>
    public static string Sentence(Exception error) => error switch
    {
        InvalidRequestException invalid => string.Join(' ', invalid.Problems.Select(problem => $"The {problem.Field.ToLowerInvariant()} {problem.Message}")),
        EngineBusyException busy => $"The line is full ({Numbers.Count(busy.Waiting)} waiting). Room is likely in {Numbers.Of((long)Math.Ceiling(busy.RetryAfter.TotalSeconds), "second")}; nothing was lost.",
        EngineFailedException failed => $"{failed.Message} The text is kept; try again.",
        _ => "The model could not read it. The text is kept; try again.",
    };

    /// <summary>For a screen reader, when it is done.</summary>
    public static string Spoken(ScoredText text) =>
        $"Done. {Numbers.Of(text.Tokens.Count, "token")} read by {text.Model.Id}, perplexity {Perplexity(text)}, {(text.BitsPerByte is { } bits ? Numbers.Bits(bits) : Numbers.Unknown)} bits per byte.";

    public static string Perplexity(ScoredText text) => text.Perplexity(PerplexityRecipe.EachTokenOnce) is { } perplexity ? Numbers.Perplexity(perplexity) : Numbers.Unknown;

    public static string Recipe(ScoredText text) => text.Recipe.Describe(text.Surprise.Tokens, text.Windows.Count);
}
