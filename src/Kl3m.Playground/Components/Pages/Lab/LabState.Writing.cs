using Kl3m.Inference;
using Kl3m.Playground.Components.Pages.Playground;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>What the model writes for the bench: the token behind a prompt, and one more behind the last.</summary>
internal sealed partial class LabState
{
    /// <summary>Reads a prompt of one's own: the position behind it, drawn once with the settings on the bench.</summary>
    public async Task ReadPromptAsync(string prompt)
    {
        Prompt = prompt;
        if (prompt.Length == 0)
        {
            Notice = SamplingProblems.EmptyPrompt.Sentence;
            Changed?.Invoke();
        }
        else if (await WriteAsync(new GenerationRequest { Prompt = prompt, Sampling = Settings with { MaxTokens = 1, Sequences = 1, Stop = [] } }, null) is { } run)
        {
            await OpenAsync(run, new(0, 0));
        }
    }

    /// <summary>One run to its end; null where it was refused or failed, which the notice says.</summary>
    private async Task<Run?> WriteAsync(GenerationRequest request, Branch? branch)
    {
        if (IsReading)
        {
            return null;
        }
        if ((branch is null && request.PromptTokenIds is null ? chosen.Generator : Generator) is not { } generator)
        {
            Notice = "No model is ready to read it. Wait until one is, or load one on the Models page.";
            Changed?.Invoke();
            return null;
        }
        if (Problems is [var mistake, ..])
        {
            (Notice, IsOfSettings) = (mistake.Sentence, true);
            Changed?.Invoke();
            return null;
        }
        using var cancellation = new CancellationTokenSource();
        (reading, Notice) = (cancellation, null);
        Changed?.Invoke();
        var run = runs.Start(request with { User = user }, generator.Model, branch);
        try
        {
            await Task.Run(() => run.RecordAsync(generator, LogFailed, cancellation.Token));
            Notice = run.Error switch
            {
                null => null,
                InvalidRequestException mistaken => string.Join(' ', SamplingProblems.From(mistaken, Knobs, null, generator.Model).Select(problem => problem.Sentence)),
                { } error => error.Message,
            };
            return run.TokenCount > 0 ? run : null;
        }
        finally
        {
            if (run.TokenCount == 0)
            {
                runs.Forget(run);
            }
            if (reading == cancellation)
            {
                reading = null;
            }
            Changed?.Invoke();
        }
    }

    private async Task WriteOneMoreAsync(Run run, int sequence)
    {
        var tokens = run.Sequences[sequence].Tokens;
        var request = new GenerationRequest
        {
            PromptTokenIds = run.PromptTokenIds,
            CompletionTokenIds = [.. tokens.Select(token => token.Score.TokenId)],
            FirstSequence = run.DiceOf(sequence),
            Sampling = Settings with { Sequences = 1, MaxTokens = 1, Seed = run.Seed, Stop = [] },
        };
        if (await WriteAsync(request, new(run, sequence, tokens.Count, [])) is { } longer)
        {
            Run = longer;
            await GoAsync(new(sequence, tokens.Count));
        }
    }
}
