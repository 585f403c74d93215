using System.Globalization;
using Kl3m.Inference;

namespace Kl3m.Playground.Components.Shared;

/// <summary>Turns a caller's mistakes into sentences at their fields, each with the value that works where there is one.</summary>
internal static class SamplingProblems
{
    public static FieldProblem EmptyPrompt { get; } =
        new(nameof(GenerationRequest.Prompt), "The prompt is empty. A base model continues text: give it a beginning, or take a preset.");

    /// <param name="holds">What is thrown with as long as nothing better is entered.</param>
    public static FieldProblem NoSeed(ulong? holds) => new(nameof(SamplingParams.Seed), $"Seed takes a whole number from 0 up. Until then {holds} holds.");

    /// <summary>What the settings break, as far as it is known before anything is asked.</summary>
    public static IEnumerable<FieldProblem> Find(SamplingParams sampling, Settings settings, ModelInfo? model, int? promptTokens)
    {
        foreach (var problem in sampling.Validate())
        {
            yield return Explain(problem, sampling, settings);
        }
        if (model is not null && promptTokens is { } prompt && sampling.MaxTokens >= 0 && (long)prompt + sampling.MaxTokens > model.ContextLength)
        {
            yield return TooLong(prompt, sampling.MaxTokens, model.ContextLength);
        }
    }

    /// <summary>The same for what the engine refused.</summary>
    public static IReadOnlyList<FieldProblem> From(InvalidRequestException refusal, Settings settings, int? promptTokens, ModelInfo model) =>
        [.. refusal.Problems.Select(problem => problem.Field switch
        {
            nameof(GenerationRequest.Prompt) or nameof(GenerationRequest.PromptTokenIds) => new FieldProblem(nameof(GenerationRequest.Prompt), $"The prompt {problem.Message}"),
            nameof(SamplingParams.MaxTokens) when promptTokens < model.ContextLength => new FieldProblem(problem.Field, $"Max tokens {problem.Message}", Fits(promptTokens.Value, model.ContextLength)),
            _ => Explain(problem, new SamplingParams(), settings),
        })];

    private static FieldProblem Explain(Problem problem, SamplingParams sampling, Settings settings)
    {
        if (settings.Main.Concat(settings.Advanced).FirstOrDefault(setting => setting.Field == problem.Field) is not { } setting)
        {
            return new(problem.Field, $"{problem.Field} {problem.Message}");
        }
        var works = Math.Clamp(setting.Get(sampling), setting.Allowed.Least, setting.Allowed.Most);
        var which = works == setting.Allowed.Least ? "the least" : "the most";
        return new(problem.Field, $"{setting.Label} {problem.Message}", new($"Use {setting.Format(works)}, {which} that works", now => setting.With(now, works)));
    }

    private static FieldProblem TooLong(int prompt, int maxTokens, int context) => prompt >= context
        ? new(nameof(GenerationRequest.Prompt), $"The prompt's {Count(prompt)} tokens leave no room in the context of {Count(context)}. Shorten it.")
        : new(nameof(SamplingParams.MaxTokens), $"{Count(prompt)} prompt + {Count(maxTokens)} is more than the context of {Count(context)}", Fits(prompt, context));

    private static Fix Fits(int prompt, int context) =>
        new($"Use {Count(context - prompt)}, the most that fits", sampling => sampling with { MaxTokens = context - prompt });

    private static string Count(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
