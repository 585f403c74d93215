using System.Globalization;
using Kl3m.Inference;

namespace Kl3m.Playground.Scoring;

/// <summary>How a text is read to be scored; its numbers mean nothing without it.</summary>
/// <param name="Context">Tokens that are read at once, at most the model's context.</param>
/// <param name="Stride">From one window's begin to the next: every token but the first window's has at least Context - Stride tokens before it.</param>
/// <param name="BehindEnd">Read the text behind the model's end token, as documents stood in training; then the first token has a score, too.</param>
public sealed record ScoringRecipe(int Context, int Stride, bool BehindEnd = false)
{
    public static ScoringRecipe For(ModelInfo model) => new(model.ContextLength, model.ContextLength / 2);

    /// <summary>As near to this one as the model allows.</summary>
    public ScoringRecipe Within(ModelInfo model)
    {
        var context = Math.Clamp(Context, 2, model.ContextLength);
        return new(context, Math.Clamp(Stride, 1, context - 1), BehindEnd && model.EndTokenIds.Count > 0);
    }

    public IEnumerable<Problem> Validate(ModelInfo model)
    {
        if (Context < 2 || Context > model.ContextLength)
        {
            yield return new(nameof(Context), string.Create(CultureInfo.InvariantCulture, $"must be 2 to {model.ContextLength:N0} tokens, the model's context, not {Context:N0}."));
        }
        else if (Stride < 1 || Stride >= Context)
        {
            yield return new(nameof(Stride), string.Create(CultureInfo.InvariantCulture, $"must be 1 to {Context - 1:N0}, less than the context, not {Stride:N0}."));
        }
    }

    /// <summary>In words, for a text of so many tokens.</summary>
    public string Describe(int tokens, int windows)
    {
        var culture = CultureInfo.InvariantCulture;
        var reading = windows <= 1
            ? string.Create(culture, $"One window of at most {Context:N0} tokens")
            : string.Create(culture, $"{windows:N0} windows of {Context:N0} tokens, {Stride:N0} apart");
        var first = BehindEnd ? "read behind the end mark, as a document of its own" : "the first has nothing before it";
        return string.Create(culture, $"{reading}; {tokens:N0} token{(tokens == 1 ? "" : "s")} scored, {first}.");
    }
}
