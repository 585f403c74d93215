using System.Runtime.CompilerServices;
using Kl3m.Inference;
using Kl3m.Playground.Backends;

namespace Kl3m.Playground.Api;

/// <summary>One completions request while it runs: all its prompts at once, told as pieces of its choices.</summary>
internal sealed class CompletionRun(ITextGenerator generator, CompletionRequest request)
{
    private CompletionUsage usage = new(0, 0);

    /// <summary>Sums over the prompts; complete when the pieces have ended.</summary>
    public CompletionUsage Usage => usage;

    /// <summary>The pieces in the order in which they happen. None comes before every prompt was taken, so a refusal is the first thing to happen.</summary>
    public async IAsyncEnumerable<CompletionChoice> PiecesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var writers = new ChoiceWriter[request.Prompts.Count];
        await foreach (var (prompt, happened) in generator.GenerateAllAsync([.. request.Prompts.Select(request.For)], cancellationToken))
        {
            if (happened is GenerationStarted started)
            {
                var echo = request.Echo ? await EchoedPrompt.ReadAsync(generator, request.Prompts[prompt], started.PromptTokenIds, cancellationToken) : null;
                writers[prompt] = new(generator, request, prompt * request.Sampling.Sequences, started.PromptTokenIds, echo);
            }
            if (happened is GenerationFinished finished)
            {
                usage = new(usage.PromptTokens + finished.Usage.PromptTokens, usage.CompletionTokens + finished.Usage.CompletionTokens);
            }
            foreach (var piece in happened is GenerationStarted ? writers[prompt].Start() : writers[prompt].Next(happened))
            {
                yield return piece;
            }
        }
    }

    /// <summary>All pieces, joined: one choice for each sequence of each prompt.</summary>
    public async Task<IReadOnlyList<CompletionChoice>> JoinAsync(CancellationToken cancellationToken)
    {
        var choices = Enumerable.Range(0, request.Prompts.Count * request.Sampling.Sequences).Select(index => new JoinedChoice(index)).ToArray();
        await foreach (var piece in PiecesAsync(cancellationToken))
        {
            choices[piece.Index].Add(piece);
        }
        return [.. choices.Select(choice => choice.Whole(request))];
    }
}
