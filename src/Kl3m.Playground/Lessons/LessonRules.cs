namespace Kl3m.Playground.Lessons;

/// <summary>What a lesson must be beyond its JSON.</summary>
internal static class LessonRules
{
    public const int MostSteps = 40;

    /// <summary>What a step may point at.</summary>
    public static IReadOnlyList<string> Highlights { get; } =
        ["prompt", "generate", "text", "inspector", "temperature", "top_p", "top_k", "max_tokens", "sequences", "seed", "advanced"];

    /// <summary>Each mistake with the path of the value that is wrong.</summary>
    public static IEnumerable<(string Path, string Message)> Problems(Lesson lesson)
    {
        if (lesson.Steps.Count is 0 or > MostSteps)
        {
            yield return ("steps", $"must hold 1 to {MostSteps} steps.");
        }
        if (lesson.Title.Length is 0 or > 120)
        {
            yield return ("title", "must have 1 to 120 letters.");
        }
        if (lesson.Minutes is < 1 or > 600)
        {
            yield return ("minutes", "must be 1 to 600.");
        }
        for (var i = 0; i < lesson.Steps.Count; i++)
        {
            foreach (var (field, message) in Problems(lesson.Steps[i]))
            {
                yield return ($"steps[{i}].{field}", message);
            }
        }
    }

    private static IEnumerable<(string Field, string Message)> Problems(LessonStep step)
    {
        if (step.Text.Count == 0 || step.Text.All(string.IsNullOrWhiteSpace))
        {
            yield return ("text", "must say something.");
        }
        if (step.Highlight is { } highlight && !Highlights.Contains(highlight))
        {
            yield return ("highlight", $"must be one of {string.Join(", ", Highlights)}, not \"{highlight}\".");
        }
        if (step.Score is { Count: 0 or > 3 })
        {
            yield return ("score", "must hold 1 to 3 texts.");
        }
        if (step.Prepared is { } prepared && (prepared.Length == 0 || Path.GetFileName(prepared) != prepared || !prepared.EndsWith(".json", StringComparison.Ordinal)))
        {
            yield return ("prepared", "must name a file such as \"loops.json\" in the folder receipts.");
        }
        if (step.Settings is { } settings)
        {
            foreach (var problem in settings.ToSampling().Validate())
            {
                yield return ($"settings.{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(problem.Field)}", problem.Message);
            }
        }
        if (step.Check is not null && string.IsNullOrWhiteSpace(step.Task))
        {
            yield return ("check", "needs a task beside it that says what to do.");
        }
        switch (step.Check)
        {
            case AnswerCheck { Options.Count: < 2 or > 8 }:
                yield return ("check.options", "must hold 2 to 8 answers.");
                break;
            case AnswerCheck answer when answer.Right < 0 || answer.Right >= answer.Options.Count:
                yield return ("check.right", $"must be 0 to {answer.Options.Count - 1}, the place of the right answer.");
                break;
            case NumberCheck { Within: < 0 }:
                yield return ("check.within", "must be 0 or more.");
                break;
            case MeasureCheck { All.Count: 0 }:
                yield return ("check.all", "must hold at least one bound.");
                break;
            case MeasureCheck measure:
                for (var i = 0; i < measure.All.Count; i++)
                {
                    var bound = measure.All[i];
                    if (!Bench.Names.ContainsKey(bound.Of))
                    {
                        yield return ($"check.all[{i}].of", $"must be one of {string.Join(", ", Bench.Names.Keys)}, not \"{bound.Of}\".");
                    }
                    else if (bound is { AtLeast: null, AtMost: null } || bound.AtLeast > bound.AtMost)
                    {
                        yield return ($"check.all[{i}]", "needs at_least, at_most, or both with at_least below at_most.");
                    }
                }
                break;
        }
    }
}
